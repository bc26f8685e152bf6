import type { Week, WeekDay } from '../../api/types'
import { ticks, type View } from '../../lib/timeline'

// What the rows of a week make of what the server says.

export type { Week, WeekDay }

export const weekLanes = ['active', 'idle', 'locked'] as const
export type WeekLane = (typeof weekLanes)[number]

const HOUR = 3_600_000

/** clockFrame is the stretch of the clock, from each day's beginning, in which anything happened; in whole hours. */
export function clockFrame(days: readonly WeekDay[]): View | undefined {
  let [from, to] = [Infinity, -Infinity]
  for (const day of days) {
    const begin = Date.parse(day.from)
    for (const lane of weekLanes) {
      for (const span of day.lanes[lane]) {
        from = Math.min(from, Date.parse(span.from) - begin)
        to = Math.max(to, Date.parse(span.to) - begin)
      }
    }
  }
  if (from > to) return undefined
  return { from: Math.floor(from / HOUR) * HOUR, to: Math.ceil(to / HOUR) * HOUR }
}

/** seen are the days with any activity. */
export const seen = (week: Week): WeekDay[] => week.days.filter(({ totals }) => totals.firstAt !== undefined)

/** usualDay is how long somebody is active on a day with activity; today, which is not over, does not count. */
export function usualDay(week: Week, today: string): number | undefined {
  const over = seen(week).filter(({ date }) => date < today)
  if (over.length === 0) return undefined
  return over.reduce((sum, { totals }) => sum + totals.activeSeconds, 0) / over.length
}

/** hours are the labelled hours of the clock: whole ones. */
export const hours = (frame: View): number[] => ticks(frame, { from: 0, to: frame.to }, 420, 60, HOUR)

/** hourLabel is one of them on a clock of 24 hours. */
export const hourLabel = (at: number): string => `${String(Math.round(at / HOUR)).padStart(2, '0')}:00`
