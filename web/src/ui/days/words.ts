import { runs } from './runs'
import { useTexts } from './texts'

type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7
export const weekdays: Weekday[] = [1, 2, 3, 4, 5, 6, 7]

const isWeekday = (day: number): day is Weekday => weekdays.some((one) => one === day)

/** useDays writes days of the week as Mo–Fr, Su. */
export function useDays(): (days: readonly number[]) => string {
  const t = useTexts()
  const name = (day: number) => (isWeekday(day) ? t(`day.${day}`) : String(day))
  return (days) =>
    runs(days)
      .map(([first, last]) => {
        if (first === last) return name(first)
        return last === first + 1 ? `${name(first)}, ${name(last)}` : `${name(first)}–${name(last)}`
      })
      .join(', ')
}
