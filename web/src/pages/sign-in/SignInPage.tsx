import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, type FormEvent } from 'react'
import { signIn } from '../../api/client'
import { ApiError } from '../../api/errors'
import { Brand } from '../../app/Shell'
import { Switches } from '../../app/Switches'
import { useLanguage } from '../../i18n/i18n'
import { duration } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import css from './sign-in.module.css'
import { useTexts } from './texts'

export default function SignInPage() {
  const t = useTexts()
  const attempt = useMutation({
    mutationFn: ({ username, password }: { username: string; password: string }) =>
      signIn(username, password),
  })
  useEffect(() => {
    document.title = `${t('title')} · Staff Control`
  }, [t])

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    attempt.mutate({ username: String(form.get('username')).trim(), password: String(form.get('password')) })
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
          {attempt.isError && <Refused error={attempt.error} />}
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
    return (
      <p role="alert" className={css.refused}>
        {t('wrong')}
      </p>
    )
  }
  return <ErrorNote error={error} />
}
