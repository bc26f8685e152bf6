import { Chip, Group, Input } from '@mantine/core'
import { useTexts } from './texts'
import { weekdays } from './words'

interface Props {
  label: string
  days: number[]
  onChange: (days: number[]) => void
  error?: string
}

/** Days chooses days of the week. */
export function Days({ label, days, onChange, error }: Props) {
  const t = useTexts()
  return (
    <Input.Wrapper label={label} labelElement="div" error={error}>
      <Chip.Group
        multiple
        value={days.map(String)}
        onChange={(chosen) => onChange(chosen.map(Number).sort())}
      >
        <Group gap={4} mt={4} role="group" aria-label={label}>
          {weekdays.map((day) => (
            <Chip key={day} value={String(day)} size="xs" radius="sm">
              {t(`day.${day}`)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  )
}
