import { useLanguage } from '../../i18n/i18n'
import { addDays, day, number, percent, weekday } from '../../lib/format'
import { change } from './numbers'
import { useTexts } from './texts'

const MINUS = '\u2212'

/** useChange says a change as +12% or −5%; "new" where there was nothing before, and nothing where there is neither. */
export function useChange(): (now: number, before: number) => string {
  const t = useTexts()
  const language = useLanguage()
  return (now, before) => {
    const by = change(now, before)
    if (by === undefined) return now > 0 ? t('new') : '—'
    const text = percent(Math.abs(by), language)
    if (Math.round(by * 100) === 0) return text
    return (by > 0 ? '+' : MINUS) + text
  }
}

/** useDates writes a range of days, the year once where both have the same. */
export function useDates(): (from: string, to: string) => string {
  const language = useLanguage()
  return (from, to) => {
    if (from === to) return day(from, language)
    const first = day(from, language)
    return `${from.slice(0, 4) === to.slice(0, 4) ? first.slice(0, -5) : first} – ${day(to, language)}`
  }
}

const A_MONDAY = '2024-01-01'

/** useWeekday names a day of the week, 1 for Monday. */
export function useWeekday(): (weekdayNumber: number) => string {
  const language = useLanguage()
  return (weekdayNumber) => weekday(addDays(A_MONDAY, weekdayNumber - 1), language)
}

/** useCount writes a count as people of the language do. */
export function useCount(): (count: number) => string {
  const language = useLanguage()
  return (count) => number(count, language)
}
