import { expect, it } from 'vitest'
import { clockFrame, hourLabel, hours, seen, usualDay, type Week, type WeekDay } from './week'

const day = (date: string, spans: [string, string][]): WeekDay => ({
  date,
  from: `${date}T00:00:00Z`,
  to: `${date}T23:59:59Z`,
  totals: {
    activeSeconds: 0,
    idleSeconds: 0,
    lockedSeconds: 0,
    firstAt: spans[0] && `${date}T${spans[0][0]}:00Z`,
  },
  lanes: {
    active: spans.map(([from, to]) => ({ from: `${date}T${from}:00Z`, to: `${date}T${to}:00Z` })),
    idle: [],
    locked: [],
  },
  topApplications: [],
  truncated: false,
})

const HOUR = 3_600_000

it('frames the hours of all days together', () => {
  const days = [day('2026-01-05', [['09:10', '18:00']]), day('2026-01-06', [['08:50', '12:00']])]
  expect(clockFrame(days)).toEqual({ from: 8 * HOUR, to: 18 * HOUR })
  expect(clockFrame([day('2026-01-07', [])])).toBeUndefined()
})

it('knows the days on which anything happened', () => {
  const days = [day('2026-01-05', [['09:00', '10:00']]), day('2026-01-06', [])]
  expect(seen({ days } as Week).map(({ date }) => date)).toEqual(['2026-01-05'])
})

it('takes the usual day from days that are over', () => {
  const active = (date: string, activeSeconds: number): WeekDay => {
    const made = day(date, activeSeconds > 0 ? [['09:00', '10:00']] : [])
    return { ...made, totals: { ...made.totals, activeSeconds } }
  }
  const days = [active('2026-01-05', 28_000), active('2026-01-06', 0), active('2026-01-07', 30_000)]
  const week = { days: [...days, active('2026-01-08', 600)] } as Week
  expect(usualDay(week, '2026-01-08')).toBe(29_000)
  expect(usualDay(week, '2026-01-20')).toBeCloseTo(58_600 / 3)
  expect(usualDay(week, '2026-01-05')).toBeUndefined()
})

it('labels whole hours, however short the frame', () => {
  const labels = (from: number, to: number) => hours({ from: from * HOUR, to: to * HOUR }).map(hourLabel)
  expect(labels(8, 10)).toEqual(['08:00', '09:00', '10:00'])
  expect(labels(8, 9)).toEqual(['08:00', '09:00'])
  expect(labels(7, 19)).toEqual(['08:00', '10:00', '12:00', '14:00', '16:00', '18:00'])
})
