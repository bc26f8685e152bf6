import type { Heatmap } from '../../api/types'

/** change is by how much something grew or shrank, 0.1 for a tenth more; undefined where nothing was before. */
export const change = (now: number, before: number): number | undefined =>
  before > 0 ? (now - before) / before : undefined

/** A Heat is one hour of a weekday: seconds in all, seconds in an average hour of that kind, and its part of the hottest. */
export interface Heat {
  total: number
  average: number
  share: number
}

/** A HeatRow is a weekday's 24 hours. */
export interface HeatRow {
  weekday: number
  hours: Heat[]
}

/** heats are the weekdays that the range has, with their hours. */
export function heats(map: Heatmap): HeatRow[] {
  const rows = map.rows.filter(({ days }) => days > 0)
  const most = Math.max(0, ...rows.flatMap(({ days, hours }) => hours.map((seconds) => seconds / days)))
  return rows.map(({ weekday, days, hours }) => ({
    weekday,
    hours: hours.map((total) => {
      const average = total / days
      return { total, average, share: most > 0 ? average / most : 0 }
    }),
  }))
}

/** Numbers of at most three digits have room in a cell. */
const ROOM = 1000

/** unitOf is what the cells count in. */
export const unitOf = (most: number): 'minutes' | 'hours' => (most / 60 < ROOM ? 'minutes' : 'hours')

export const hottest = (rows: HeatRow[]): number =>
  Math.max(0, ...rows.flatMap(({ hours }) => hours.map(({ average }) => average)))

const STEPS = [
  60, 300, 600, 900, 1800, 3600, 7200, 10_800, 18_000, 36_000, 72_000, 180_000, 360_000, 720_000, 1_800_000,
  3_600_000, 7_200_000, 18_000_000, 36_000_000,
]

/** levels are the round seconds, from 0 up, between which an axis has its lines; the last is at or over the most. */
export function levels(most: number, wanted = 4): number[] {
  const step = STEPS.find((candidate) => candidate * wanted >= most) ?? Math.ceil(most / wanted)
  const count = Math.max(Math.ceil(most / step), 1)
  return Array.from({ length: count + 1 }, (_, n) => n * step)
}

/** stepOf is how fine a timeline of so many days is. */
export const stepOf = (days: number): 'hour' | 'day' => (days <= 2 ? 'hour' : 'day')
