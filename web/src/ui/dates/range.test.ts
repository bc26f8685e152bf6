import { expect, it } from 'vitest'
import { areDates, daysOf, mondayOf, rangeOf, readRange, within } from './range'

const TODAY = '2026-11-25' // a Wednesday

it.each([
  ['thisWeek', '2026-11-23', '2026-11-25'],
  ['lastWeek', '2026-11-16', '2026-11-22'],
  ['thisMonth', '2026-11-01', '2026-11-25'],
  ['last30', '2026-10-27', '2026-11-25'],
] as const)('%s is from %s to %s', (preset, from, to) => {
  expect(rangeOf(preset, TODAY)).toEqual({ from, to })
})

it('begins weeks on Monday', () => {
  expect(['2026-11-23', '2026-11-29', '2026-03-01'].map(mondayOf)).toEqual([
    '2026-11-23',
    '2026-11-23',
    '2026-02-23',
  ])
})

it.each([
  ['', 'last30', '2026-10-27', '2026-11-25'],
  ['range=lastWeek', 'lastWeek', '2026-11-16', '2026-11-22'],
  ['range=whatever', 'last30', '2026-10-27', '2026-11-25'],
  ['from=2026-11-02&to=2026-11-03&range=lastWeek', undefined, '2026-11-02', '2026-11-03'],
  ['from=2026-11-03&to=2026-11-02', undefined, '2026-11-03', '2026-11-02'],
  ['from=abc&to=2026-99-99', undefined, 'abc', '2026-99-99'],
  ['from=2020-01-01&to=2026-01-02', undefined, '2020-01-01', '2026-01-02'],
  ['from=2026-11-20', undefined, '2026-11-20', '2026-11-25'],
  ['to=2026-11-20&range=thisMonth', undefined, '2026-11-01', '2026-11-20'],
  ['from=&to=', 'last30', '2026-10-27', '2026-11-25'],
])('reads "%s" as %s, %s to %s', (query, preset, from, to) => {
  expect(readRange(new URLSearchParams(query), TODAY, 'last30')).toEqual(
    preset === undefined ? { from, to } : { from, to, preset },
  )
})

it('knows dates that exist', () => {
  expect(areDates({ from: '2026-11-30', to: '2026-12-01' })).toBe(true)
  expect(areDates({ from: '2026-11-31', to: '2026-12-01' })).toBe(false)
  expect(areDates({ from: '2026-11-30', to: 'abc' })).toBe(false)
})

it('counts days with both ends, and shortens what is too long', () => {
  expect(daysOf({ from: '2026-03-28', to: '2026-03-30' })).toBe(3)
  expect(daysOf(within({ from: '2020-01-01', to: '2026-11-25' }))).toBe(366)
  expect(within({ from: '2026-11-01', to: '2026-11-25' })).toEqual({ from: '2026-11-01', to: '2026-11-25' })
})
