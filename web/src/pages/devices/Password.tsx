import { Button, Input, PasswordInput } from '@mantine/core'
import { useState } from 'react'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

interface Props {
  /** Whether the server knows one, which it tells nobody. */
  known: boolean
  /** What is to be sent: undefined leaves it as it is, an empty one takes it away. */
  value?: string
  onChange: (password?: string) => void
  error?: string
}

/** Password is with which the server signs in at a terminal: it is written, replaced or taken away, and never shown. */
export function Password({ known, value, onChange, error }: Props) {
  const t = useTexts()
  const [replacing, setReplacing] = useState(false)
  if (known && !replacing) {
    const removing = value === ''
    return (
      <Input.Wrapper label={t('password')} labelElement="div" error={error}>
        <p>{t(removing ? 'password.removing' : 'password.known')}</p>
        <div className={ui.actions}>
          {removing ? (
            <Button size="compact-sm" variant="default" onClick={() => onChange(undefined)}>
              {t('password.keep')}
            </Button>
          ) : (
            <>
              <Button size="compact-sm" variant="default" onClick={() => setReplacing(true)}>
                {t('password.replace')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => onChange('')}>
                {t('password.remove')}
              </Button>
            </>
          )}
        </div>
      </Input.Wrapper>
    )
  }
  return (
    <PasswordInput
      label={t('password')}
      description={t('password.hint')}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      error={error}
    />
  )
}
