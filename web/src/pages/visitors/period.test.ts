import { expect, it } from 'vitest'
import { isoDate } from '../../lib/format'
import { period } from './period'

it('names the day of a period once', () => {
  const year = isoDate(Date.now(), 'UTC').slice(0, 4)
  const [noon, one] = [`${year}-11-23T07:00:00Z`, `${year}-11-23T08:00:00Z`]
  expect(period(noon, one, 'Asia/Tashkent', 'en')).toBe('23 Nov 12:00 – 13:00')
  expect(period(noon, `${year}-11-23T19:30:00Z`, 'Asia/Tashkent', 'ru')).toBe('23 ноя 12:00 – 24 ноя 00:30')
})
