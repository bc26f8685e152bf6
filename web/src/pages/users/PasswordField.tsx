import { Button, PasswordInput } from '@mantine/core'
import { useState } from 'react'
import ui from '../../ui/ui.module.css'
import { invent } from './password'
import { useTexts } from './texts'

interface Props {
  label: string
  value: string
  onChange: (password: string) => void
  error?: string
}

/** PasswordField takes a password for somebody else, or makes one. */
export function PasswordField({ label, value, onChange, error }: Props) {
  const t = useTexts()
  const [visible, setVisible] = useState(false)
  return (
    <div className={ui.beside}>
      <PasswordInput
        name="password"
        label={label}
        autoComplete="new-password"
        required
        visible={visible}
        onVisibilityChange={setVisible}
        visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
      />
      <Button
        variant="default"
        onClick={() => {
          onChange(invent())
          setVisible(true)
        }}
      >
        {t('password.make')}
      </Button>
    </div>
  )
}
