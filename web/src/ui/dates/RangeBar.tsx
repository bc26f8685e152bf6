import '@mantine/dates/styles.layer.css'
import { Button } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { useState } from 'react'
import { useLanguage } from '../../i18n/i18n'
import { day, weekday } from '../../lib/format'
import css from './dates.module.css'
import { LOCALES } from './locales'
import { areDates, presets, within, type Preset, type Range } from './range'
import { useTexts } from './texts'

interface Props {
  range: Range & { preset?: Preset }
  today: string
  onChange: (change: { range: Preset | null; from: string | null; to: string | null }) => void
}

/** RangeBar chooses days from one to another: two clicks in a calendar whose weeks begin on Monday, or a usual range. */
export function RangeBar({ range, today, onChange }: Props) {
  const t = useTexts()
  const language = useLanguage()
  /** The first of the two clicks. */
  const [begun, setBegun] = useState<string | null>(null)
  const dotted = (date: string) => date.split('-').reverse().join('.')
  const choose = ([from, to]: [string | null, string | null]) => {
    setBegun(to === null ? from : null)
    if (from !== null && to !== null) onChange({ range: null, ...within({ from, to }) })
  }
  return (
    <div className={css.bar} data-testid="range" data-from={range.from} data-to={range.to}>
      <DatePickerInput
        type="range"
        className={css.range}
        classNames={{ day: css.day }}
        popoverProps={{ withRoles: false, shadow: 'md', onClose: () => setBegun(null) }}
        aria-label={`${t('range')}: ${dotted(range.from)} – ${dotted(range.to)}`}
        value={begun !== null ? [begun, null] : areDates(range) ? [range.from, range.to] : [null, null]}
        onChange={choose}
        allowSingleDateInRange
        locale={LOCALES[language]}
        firstDayOfWeek={1}
        valueFormat="DD.MM.YYYY"
        maxDate={today}
        highlightToday
        getDayAriaLabel={(shown) => `${day(shown, language)}, ${weekday(shown, language)}`}
        ariaLabels={{ previousMonth: t('previousMonth'), nextMonth: t('nextMonth') }}
      />
      {presets.map((preset) => (
        <Button
          key={preset}
          variant={range.preset === preset ? 'light' : 'default'}
          aria-pressed={range.preset === preset}
          onClick={() => onChange({ range: preset, from: null, to: null })}
        >
          {t(preset)}
        </Button>
      ))}
    </div>
  )
}
