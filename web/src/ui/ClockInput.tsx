import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { clockOf } from '../lib/clock'

interface Props {
  label: string
  description?: string
  value: string
  onChange: (clock: string) => void
  required?: boolean
  error?: string
}

/** ClockInput takes a time of day. The browser's own would show 12 hours to some. */
export function ClockInput({ value, onChange, ...props }: Props) {
  const [typed, setTyped] = useState(value)
  return (
    <TextInput
      {...props}
      withAsterisk={false}
      inputMode="numeric"
      placeholder="--:--"
      maxLength={5}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        onChange(clockOf(event.currentTarget.value) ?? event.currentTarget.value.trim())
      }}
      onBlur={() => setTyped(clockOf(typed) ?? typed)}
    />
  )
}
