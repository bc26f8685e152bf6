import '@mantine/dates/styles.layer.css'
import { Button } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import 'dayjs/locale/ru'
import 'dayjs/locale/uz-latn'
import { useLanguage, type Language } from '../../i18n/i18n'
import { addDays, day, weekday } from '../../lib/format'
import { LeftIcon, RightIcon } from '../../ui/icons'
import { IconButton } from '../../ui/parts'
import css from './day.module.css'
import { useTexts } from './texts'

const LOCALES: Record<Language, string> = { uz: 'uz-latn', ru: 'ru', en: 'en' }

/** DateBar chooses a day: a calendar whose weeks begin on Monday, the day before, the day after, today. */
export function DateBar(props: { date: string; today: string; onChange: (date: string) => void }) {
  const t = useTexts()
  const language = useLanguage()
  const { date, today, onChange } = props
  return (
    <div className={css.dates} data-testid="date" data-date={date}>
      <IconButton label={t('date.previous')} onClick={() => onChange(addDays(date, -1))}>
        <LeftIcon />
      </IconButton>
      <DatePickerInput
        className={css.date}
        classNames={{ day: css.calendarDay }}
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
        ariaLabels={{
          previousMonth: t('date.previousMonth'),
          nextMonth: t('date.nextMonth'),
        }}
      />
      <IconButton label={t('date.next')} onClick={() => onChange(addDays(date, 1))} disabled={date >= today}>
        <RightIcon />
      </IconButton>
      <Button variant="default" onClick={() => onChange(today)} disabled={date === today}>
        {t('date.today')}
      </Button>
    </div>
  )
}
