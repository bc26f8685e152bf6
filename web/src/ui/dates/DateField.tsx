import '@mantine/dates/styles.layer.css'
import { DatePickerInput } from '@mantine/dates'
import { useLanguage } from '../../i18n/i18n'
import { day, weekday } from '../../lib/format'
import { useCommon } from '../texts'
import css from './dates.module.css'
import { LOCALES } from './locales'
import { useTexts } from './texts'

interface Props {
  label: string
  description?: string
  value?: string
  onChange: (date?: string) => void
  error?: string
  /** A day that may not be left out. */
  required?: boolean
}

/** DateField is a form's day, written as people here write it whatever the browser's language is. */
export default function DateField({ value, onChange, required = false, ...field }: Props) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  return (
    <DatePickerInput
      {...field}
      classNames={{ day: css.day }}
      popoverProps={{ withRoles: false, shadow: 'md' }}
      placeholder="—"
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable={!required}
      clearButtonProps={{ 'aria-label': common('clear') }}
      locale={LOCALES[language]}
      firstDayOfWeek={1}
      valueFormat="DD.MM.YYYY"
      highlightToday
      getDayAriaLabel={(shown) => `${day(shown, language)}, ${weekday(shown, language)}`}
      ariaLabels={{ previousMonth: t('previousMonth'), nextMonth: t('nextMonth') }}
    />
  )
}
