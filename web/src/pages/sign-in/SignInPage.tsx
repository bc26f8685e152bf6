import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { answer, api, signIn, signInBy } from '../../api/client'
import { ApiError } from '../../api/errors'
import { useProvider } from '../../api/queries'
import { Brand } from '../../app/Shell'
import { Switches } from '../../app/Switches'
import { useLanguage } from '../../i18n/i18n'
import { duration } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Rows } from '../../ui/parts'
import { arrive, leave } from './provider'
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
  const back = useMutation({ mutationFn: signInBy })
  const { mutate } = back
  useEffect(() => {
    document.title = `${t('title')} · Staff Control`
  }, [t])
  useEffect(() => {
    const arrival = arrive()
    if (arrival) mutate(arrival)
  }, [mutate])

  // Once the code was asked for, what follows is about the code.
  const [waiting, setWaiting] = useState(false)
  if (codeOf(back.error) === 'auth.code_required' && !waiting) setWaiting(true)
  const again = () => {
    setWaiting(false)
    back.reset()
  }
  return (
    <div className={css.page}>
      <header className={css.top}>
        <Brand />
        <Switches />
      </header>
      <main className={css.main}>
        <div className={css.form}>
          <h1>{t('title')}</h1>
          {waiting && back.variables ? (
            <SecondStep
              error={back.error}
              pending={back.isPending}
              onCode={(totp) => mutate({ ...back.variables, totp })}
              onCancel={again}
            />
          ) : back.isPending || back.isSuccess ? (
            <Rows count={3} />
          ) : (
            <>
              {back.error && <Refused error={back.error} />}
              <Provider />
              <Password />
            </>
          )}
        </div>
      </main>
    </div>
  )
}

/** Provider leads to where a company's people sign in, if the server knows such a place. */
function Provider() {
  const t = useTexts()
  const name = useProvider()
  const begin = useMutation({
    mutationFn: async () => {
      const { url } = await answer(api.POST('/api/v2/auth/oidc'))
      leave()
      location.assign(url)
    },
  })
  if (!name) return null
  return (
    <>
      {begin.error && <Refused error={begin.error} />}
      <Button size="md" loading={begin.isPending || begin.isSuccess} onClick={() => begin.mutate()}>
        {t('provider', { name })}
      </Button>
      <p className={css.or}>{t('or')}</p>
    </>
  )
}

interface SecondStepProps {
  error: unknown
  pending: boolean
  onCode: (code: string) => void
  onCancel: () => void
}

/** SecondStep takes the code of who has signed in at the provider. */
function SecondStep({ error, pending, onCode, onCancel }: SecondStepProps) {
  const t = useTexts()
  return (
    <form
      className={css.fields}
      onSubmit={(event) => {
        event.preventDefault()
        onCode(String(new FormData(event.currentTarget).get('code')).trim())
      }}
    >
      <CodeInput />
      {error !== null && <Refused error={error} provider />}
      <Button type="submit" size="md" loading={pending}>
        {t('submit')}
      </Button>
      <Button variant="default" size="md" onClick={onCancel}>
        {t('again')}
      </Button>
    </form>
  )
}

function CodeInput() {
  const t = useTexts()
  return (
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
  )
}

/** Password signs in with a name and a password, and what else the server asks for. */
function Password() {
  const t = useTexts()
  const provided = useProvider() !== undefined
  const [asked, setAsked] = useState<ReadonlySet<Step>>(new Set())
  const attempt = useMutation({
    mutationFn: signIn,
    onError: (error) => setAsked((before) => new Set([...before, ...askedBy(error)])),
  })
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
    <form className={css.fields} onSubmit={submit}>
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
      {asked.has('code') && <CodeInput />}
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
      <Button type="submit" size="md" variant={provided ? 'default' : undefined} loading={attempt.isPending}>
        {t('submit')}
      </Button>
      <p className={css.help}>{t('help')}</p>
    </form>
  )
}

/** Refused says what the person can do; what it cannot explain, the server does. */
function Refused({ error, provider = false }: { error: unknown; provider?: boolean }) {
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
  const code = refusal?.envelope?.code ?? ''
  if (refusal?.status === 401 && !code.startsWith('auth.oidc_') && code !== 'auth.inactive') {
    const named = code === 'auth.code_required' && provider ? 'code.next' : REFUSALS[code]
    return (
      <p role="alert" className={code === 'auth.code_required' ? undefined : css.refused}>
        {t(named ?? 'wrong')}
      </p>
    )
  }
  return <ErrorNote error={error} />
}
