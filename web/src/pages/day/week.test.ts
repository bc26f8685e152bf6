import { expect, it } from 'vitest'
import { clockFrame, seen, type Week, type WeekDay } from './week'

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
