import { addDays, isDate } from '../../lib/format'

/** The ranges that a name stands for: in an address they move on with the days. */
export const presets = ['thisWeek', 'lastWeek', 'thisMonth', 'last30'] as const
export type Preset = (typeof presets)[number]

/** A Range is from its first day to its last. */
export interface Range {
  from: string
  to: string
}

/** The most days that the server counts up. */
export const LONGEST = 366

const DAY_MS = 86_400_000

/** daysOf counts the days of a range. */
export const daysOf = ({ from, to }: Range): number => (Date.parse(to) - Date.parse(from)) / DAY_MS + 1

/** areDates says that both are dates that exist. */
export const areDates = ({ from, to }: Range): boolean => isDate(from) && isDate(to)

/** mondayOf is the Monday of the date's week. */
export function mondayOf(date: string): string {
  const weekday = new Date(`${date}T12:00:00Z`).getUTCDay()
  return addDays(date, -((weekday + 6) % 7))
}

/** rangeOf are a name's days, up to today. */
export function rangeOf(preset: Preset, today: string): Range {
  const monday = mondayOf(today)
  switch (preset) {
    case 'thisWeek':
      return { from: monday, to: today }
    case 'lastWeek':
      return { from: addDays(monday, -7), to: addDays(monday, -1) }
    case 'thisMonth':
      return { from: `${today.slice(0, 7)}-01`, to: today }
    case 'last30':
      return { from: addDays(today, -29), to: today }
  }
}

/** readRange is the range of an address: days, or a name; the usual one where it says neither. Bad days are the server's to refuse. */
export function readRange(
  params: URLSearchParams,
  today: string,
  usual: Preset,
): Range & { preset?: Preset } {
  const preset = presets.find((name) => name === params.get('range')) ?? usual
  const named = rangeOf(preset, today)
  const [from, to] = [params.get('from'), params.get('to')]
  if (!from && !to) return { ...named, preset }
  return { from: from || named.from, to: to || named.to }
}

/** within shortens a range that is too long by its beginning. */
export function within({ from, to }: Range): Range {
  const earliest = addDays(to, 1 - LONGEST)
  return { from: from < earliest ? earliest : from, to }
}
