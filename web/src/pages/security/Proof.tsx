import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

export interface Known {
  password: string
  code?: string
}

interface Props {
  /** Whether a code is asked for, too. */
  code: boolean
  submit: string
  pending: boolean
  error: unknown
  /** The fields that the children have. */
  fields?: readonly string[]
  onSubmit: (known: Known) => void
  onCancel: () => void
  children?: (errorOf: (field: string) => string | undefined) => ReactNode
}

/** Proof is a form that asks, at its end, for what somebody else at this screen does not know. */
export function Proof({ code, submit, pending, error, fields = [], onSubmit, onCancel, children }: Props) {
  const t = useTexts()
  const [known, setKnown] = useState<Known>({ password: '' })
  const { errorOf, rest } = fieldErrors(error ?? undefined, ['password', 'code', ...fields])
  const send = (event: FormEvent) => {
    event.preventDefault()
    onSubmit(code ? known : { password: known.password })
  }
  return (
    <form className={ui.form} onSubmit={send} noValidate>
      {children?.(errorOf)}
      <PasswordInput
        label={t('password')}
        autoComplete="current-password"
        value={known.password}
        onChange={(event) => setKnown({ ...known, password: event.currentTarget.value })}
        error={errorOf('password')}
        visibilityToggleButtonProps={{ 'aria-label': t('show') }}
      />
      {code && (
        <TextInput
          label={t('code')}
          description={t('code.hint')}
          autoComplete="one-time-code"
          value={known.code ?? ''}
          onChange={(event) => setKnown({ ...known, code: event.currentTarget.value })}
          error={errorOf('code')}
        />
      )}
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={ui.actions}>
        <Button type="submit" loading={pending}>
          {submit}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </form>
  )
}
