import { expect, it } from 'vitest'
import { hoursIn } from './hours'
import { besideContent, changesContent } from './patch'

it('reads working hours as the server compares them', () => {
  expect(hoursIn('[1 2 7] 09:00-18:30 Asia/Tashkent')).toEqual({
    days: [1, 2, 7],
    from: '09:00',
    to: '18:30',
    zone: 'Asia/Tashkent',
  })
  expect(hoursIn(undefined)).toBeUndefined()
  expect(hoursIn('always')).toBeUndefined()
})

it('tells what a version has from what it has not', () => {
  const both = [
    { op: 'replace', path: '/title', value: 'Ofis' },
    { op: 'replace', path: '/screenshotSeconds', value: 30 },
  ]
  expect(besideContent(both)).toEqual([{ field: 'title', to: 'Ofis' }])
  expect(changesContent(both)).toBe(true)
  expect(changesContent(both.slice(0, 1))).toBe(false)
  expect(besideContent(null)).toEqual([])
})
