import { expect, it } from 'vitest'
import type { Heatmap } from '../../api/types'
import { change, heats, hottest, levels, stepOf, unitOf } from './numbers'

it('says a change against what was before, and none where nothing was', () => {
  expect(change(90, 100)).toBeCloseTo(-0.1)
  expect(change(150, 100)).toBeCloseTo(0.5)
  expect(change(0, 100)).toBe(-1)
  expect(change(100, 0)).toBeUndefined()
})

const hours = (at: number, seconds: number) =>
  Array.from({ length: 24 }, (_, hour) => (hour === at ? seconds : 0))

it('compares hours by how many such days there were, and leaves out weekdays of which there were none', () => {
  const rows = heats({
    rows: [
      { weekday: 1, days: 2, hours: hours(9, 7200) },
      { weekday: 2, days: 1, hours: hours(10, 1800) },
      { weekday: 3, days: 0, hours: hours(0, 0) },
    ],
  } as Heatmap)
  expect(rows[0]?.hours[9]).toEqual({ total: 7200, average: 3600, share: 1 })
  expect(rows[1]?.hours[10]).toEqual({ total: 1800, average: 1800, share: 0.5 })
  expect(rows[1]?.hours[11]).toEqual({ total: 0, average: 0, share: 0 })
  expect(rows.map(({ weekday }) => weekday)).toEqual([1, 2])
  expect(hottest(rows)).toBe(3600)
})

it('has no hottest hour without any use', () => {
  const rows = heats({ rows: [{ weekday: 1, days: 1, hours: hours(0, 0) }] } as Heatmap)
  expect(rows[0]?.hours.every(({ share }) => share === 0)).toBe(true)
  expect(hottest(rows)).toBe(0)
})

it('counts in minutes while they have room', () => {
  expect(unitOf(999 * 60)).toBe('minutes')
  expect(unitOf(1000 * 60)).toBe('hours')
})

it.each([
  [0, [0, 60]],
  [3600, [0, 900, 1800, 2700, 3600]],
  [8 * 3600 + 1, [0, 10_800, 21_600, 32_400]],
  [300 * 3600, [0, 360_000, 720_000, 1_080_000]],
])('draws lines up to %d at round times', (most, lines) => {
  expect(levels(most)).toEqual(lines)
})

it('draws hours of one or two days, days of more', () => {
  expect([1, 2, 3].map(stepOf)).toEqual(['hour', 'hour', 'day'])
})
