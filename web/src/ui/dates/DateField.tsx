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
}

/** DateField is a form's day, which may be left out. */
export default function DateField({ value, onChange, ...field }: Props) {
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
      clearable
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
