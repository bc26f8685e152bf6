import { expect, it } from 'vitest'
import {
  addDays,
  bytes,
  dateTime,
  day,
  duration,
  interval,
  isDate,
  isZone,
  isoDate,
  number,
  percent,
  startOfDay,
  tenths,
  time,
  weekday,
  zoneLabel,
} from './format'

const at = Date.parse('2026-01-05T20:04:09Z')

it('writes numbers as the language does', () => {
  expect(number(1234.5, 'uz', 1)).toBe('1\u00a0234,5')
  expect(number(1234.5, 'ru', 1)).toBe('1\u00a0234,5')
  expect(number(1234.5, 'en', 1)).toBe('1,234.5')
  expect(number(-0.004, 'en', 1)).toBe('0')
  expect(percent(0.125, 'uz', 1)).toBe('12,5%')
})

it('writes durations', () => {
  expect(duration(45, 'en')).toBe('45\u00a0s')
  expect(duration(3600, 'ru')).toBe('1\u00a0ч')
  expect(duration(6 * 3600 + 41 * 60, 'uz')).toBe('6\u00a0soat\u00a041\u00a0daq')
  expect(duration(59.7 * 60, 'en')).toBe('1\u00a0h')
  expect(duration(4812 * 3600 + 40 * 60, 'en')).toBe('4,813\u00a0h')
})

it('shows the zone’s clock and date, not the browser’s', () => {
  expect(time(at, 'Asia/Tashkent')).toBe('01:04')
  expect(time(at, 'Asia/Tashkent', true)).toBe('01:04:09')
  expect(isoDate(at, 'Asia/Tashkent')).toBe('2026-01-06')
  expect(dateTime(at, 'UTC', 'en', at + 366 * 86_400_000)).toBe('5 Jan 2026 20:04')
  expect(dateTime(at, 'UTC', 'uz', at)).toBe('5-yan 20:04')
  expect(time(Date.parse('2026-01-05T19:00:00Z'), 'Asia/Tashkent')).toBe('00:00')
  expect(zoneLabel('Asia/Tashkent', at)).toBe('Asia/Tashkent, UTC+5')
})

it('writes days', () => {
  expect(day('2026-08-09', 'uz')).toBe('9-avg 2026')
  expect(day('2026-08-09', 'ru')).toBe('9 авг 2026')
  expect(weekday('2026-01-05', 'uz')).toBe('dushanba')
})

it('moves over the ends of months and years', () => {
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  expect(addDays('2025-12-31', 1)).toBe('2026-01-01')
})

it('knows what is a date and a zone', () => {
  expect([isDate('2026-02-28'), isDate('2026-02-30'), isDate('x'), isDate(null)]).toEqual([
    true,
    false,
    false,
    false,
  ])
  expect([isZone('Asia/Tashkent'), isZone('Mars/Base')]).toEqual([true, false])
})

it('knows when a day begins in a zone', () => {
  const begins = (date: string, zone: string) => new Date(startOfDay(date, zone)).toISOString()
  expect(begins('2026-11-23', 'Asia/Tashkent')).toBe('2026-11-22T19:00:00.000Z')
  expect(begins('2026-11-23', 'America/New_York')).toBe('2026-11-23T05:00:00.000Z')
  expect(begins('2026-03-08', 'America/New_York')).toBe('2026-03-08T05:00:00.000Z')
  expect(begins('2026-03-09', 'America/New_York')).toBe('2026-03-09T04:00:00.000Z')
})

it('writes sizes in the largest unit that fits', () => {
  expect([bytes(0, 'en'), bytes(999, 'en'), bytes(1_250_000, 'en')]).toEqual([
    '0\u00a0B',
    '999\u00a0B',
    '1.3\u00a0MB',
  ])
  expect(bytes(2_500, 'ru')).toBe('2,5\u00a0кБ')
})

it('writes Cyrillic Uzbek', () => {
  expect(day('2026-08-09', 'uz-Cyrl')).toBe('9-авг 2026')
  expect(duration(3700, 'uz-Cyrl')).toBe('1\u00a0соат\u00a02\u00a0дақ')
})

it('writes a fraction of a second in the language’s unit', () => {
  expect(tenths(0.42, 'ru')).toBe('0,4\u00a0с')
  expect(tenths(-1.25, 'en')).toBe('-1.3\u00a0s')
})

it('writes an interval with nothing rounded away', () => {
  expect([5, 60, 90, 3600, 86_400, 3661, 0].map((seconds) => interval(seconds, 'en'))).toEqual(
    ['5 s', '1 min', '1 min 30 s', '1 h', '24 h', '1 h 1 min 1 s', '0 s'].map((text) =>
      text.replaceAll(' ', '\u00a0'),
    ),
  )
})
