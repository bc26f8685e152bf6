import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { signIn } from '../../api/client'
import { ApiError } from '../../api/errors'
import { Brand } from '../../app/Shell'
import { Switches } from '../../app/Switches'
import { useLanguage } from '../../i18n/i18n'
import { duration } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import css from './sign-in.module.css'
import { useTexts } from './texts'

/** What a sign-in may take besides the name and the password; the server asks for it. */
type Step = 'code' | 'newPassword'

const codeOf = (error: unknown) => (error instanceof ApiError ? error.envelope?.code : undefined)

function askedBy(error: unknown): Step[] {
  switch (codeOf(error)) {
    case 'auth.code_required':
      return ['code']
    case 'auth.password_change_required':
      return ['newPassword']
    default:
      return []
  }
}

const REFUSALS: Record<string, 'code.asked' | 'code.wrong' | 'newPassword.asked'> = {
  'auth.code_required': 'code.asked',
  'auth.wrong_code': 'code.wrong',
  'auth.password_change_required': 'newPassword.asked',
}

export default function SignInPage() {
  const t = useTexts()
  const [asked, setAsked] = useState<ReadonlySet<Step>>(new Set())
  const attempt = useMutation({
    mutationFn: signIn,
    onError: (error) => setAsked((before) => new Set([...before, ...askedBy(error)])),
  })
  useEffect(() => {
    document.title = `${t('title')} · Staff Control`
  }, [t])

  const { errorOf, rest } = fieldErrors(attempt.error ?? undefined, ['newPassword'])
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '').trim() || undefined
    attempt.mutate({
      username: text('username') ?? '',
      password: String(form.get('password')),
      code: text('code'),
      newPassword: String(form.get('newPassword') ?? '') || undefined,
    })
  }
  return (
    <div className={css.page}>
      <header className={css.top}>
        <Brand />
        <Switches />
      </header>
      <main className={css.main}>
        <form className={css.form} onSubmit={submit}>
          <h1>{t('title')}</h1>
          <TextInput
            name="username"
            label={t('username')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            size="md"
            autoFocus
          />
          <PasswordInput
            name="password"
            label={t('password')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            size="md"
            visibilityToggleButtonProps={{ 'aria-label': t('show') }}
          />
          {asked.has('code') && (
            <TextInput
              name="code"
              label={t('code')}
              description={t('code.hint')}
              autoComplete="one-time-code"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              size="md"
              autoFocus
            />
          )}
          {asked.has('newPassword') && (
            <PasswordInput
              name="newPassword"
              label={t('newPassword')}
              description={t('newPassword.hint')}
              error={errorOf('newPassword')}
              autoComplete="new-password"
              required
              withAsterisk={false}
              size="md"
              visibilityToggleButtonProps={{ 'aria-label': t('show') }}
              autoFocus
            />
          )}
          {rest !== undefined && <Refused error={rest} />}
          <Button type="submit" size="md" loading={attempt.isPending}>
            {t('submit')}
          </Button>
          <p className={css.help}>{t('help')}</p>
        </form>
      </main>
    </div>
  )
}

/** Refused says what the person can do; what it cannot explain, the server does. */
function Refused({ error }: { error: unknown }) {
  const t = useTexts()
  const language = useLanguage()
  const refusal = error instanceof ApiError ? error : undefined
  if (refusal?.status === 429) {
    return (
      <p role="alert" className={css.refused}>
        {t('wait', { time: duration(refusal.retryAfter ?? 60, language) })}
      </p>
    )
  }
  if (refusal?.status === 401) {
    const named = REFUSALS[refusal.envelope?.code ?? '']
    return (
      <p role="alert" className={codeOf(error) === 'auth.code_required' ? undefined : css.refused}>
        {t(named ?? 'wrong')}
      </p>
    )
  }
  return <ErrorNote error={error} />
}
