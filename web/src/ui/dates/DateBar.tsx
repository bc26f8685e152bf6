import '@mantine/dates/styles.layer.css'
import { Button } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { useLanguage } from '../../i18n/i18n'
import { addDays, day, weekday } from '../../lib/format'
import { LeftIcon, RightIcon } from '../icons'
import { IconButton } from '../parts'
import css from './dates.module.css'
import { LOCALES } from './locales'
import { mondayOf } from './range'
import { useTexts } from './texts'

interface Props {
  date: string
  today: string
  onChange: (date: string) => void
  /** The step of the arrows; the days of a week are shown together. */
  step?: 'day' | 'week'
}

/** DateBar chooses a day or a week: a calendar whose weeks begin on Monday, one before, one after, and the usual ones. */
export function DateBar({ date, today, onChange, step = 'day' }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const week = step === 'week'
  const days = week ? 7 : 1
  const presets = week
    ? ([
        ['thisWeek', today],
        ['lastWeek', addDays(today, -7)],
      ] as const)
    : ([
        ['today', today],
        ['yesterday', addDays(today, -1)],
      ] as const)
  const later = addDays(date, days)
  return (
    <div className={css.bar} data-testid="date" data-date={date}>
      <IconButton
        label={t(week ? 'previousWeek' : 'previous')}
        onClick={() => onChange(addDays(date, -days))}
      >
        <LeftIcon />
      </IconButton>
      <DatePickerInput
        className={css.date}
        classNames={{ day: css.day }}
        popoverProps={{ withRoles: false, shadow: 'md' }}
        aria-label={`${t('date')}: ${date.split('-').reverse().join('.')}`}
        value={date}
        onChange={(next) => next && onChange(next)}
        locale={LOCALES[language]}
        firstDayOfWeek={1}
        valueFormat="DD.MM.YYYY"
        maxDate={today}
        highlightToday
        getDayAriaLabel={(shown) => `${day(shown, language)}, ${weekday(shown, language)}`}
        ariaLabels={{ previousMonth: t('previousMonth'), nextMonth: t('nextMonth') }}
      />
      <IconButton
        label={t(week ? 'nextWeek' : 'next')}
        onClick={() => onChange(later > today ? today : later)}
        disabled={week ? mondayOf(date) >= mondayOf(today) : date >= today}
      >
        <RightIcon />
      </IconButton>
      {presets.map(([name, value]) => {
        const chosen = week ? mondayOf(value) === mondayOf(date) : value === date
        return (
          <Button
            key={name}
            variant={chosen ? 'light' : 'default'}
            aria-pressed={chosen}
            onClick={() => onChange(value)}
          >
            {t(name)}
          </Button>
        )
      })}
    </div>
  )
}
