import { expect, it } from 'vitest'
import { hue, initials, instantOf, problemOf, wayOf } from './words'

it.each([
  ['Aliyeva Nodira Baxtiyorovna', 'AN'],
  ['Shodiyev O‘ktam', 'ShO‘'],
  ['Каримов Ботир', 'КБ'],
  ['  Kassa ', 'K'],
  ['– 7', ''],
])('%s has the initials %s', (name, want) => {
  expect(initials(name)).toBe(want)
})

it('gives a name its colour', () => {
  expect(hue('Aliyeva Nodira')).toBe(hue('Aliyeva Nodira'))
  expect(hue('')).toBeLessThan(6)
})

it('says which way a pass was', () => {
  expect(wayOf({ granted: true, direction: 'EXIT' })).toBe('EXIT')
  expect(wayOf({ granted: true })).toBe('UNKNOWN')
  expect(wayOf({ granted: false, direction: 'ENTER' })).toBe('REFUSED')
  expect(problemOf('person_inactive')).toBe('problem.inactive')
  expect(problemOf('time_ahead')).toBe('problem.aside')
  expect(problemOf()).toBeUndefined()
})

it('takes clock times that have come', () => {
  const midnight = Date.parse('2026-11-23T00:00:00+05:00')
  const noon = Date.parse('2026-11-23T12:00:00+05:00')
  expect(instantOf('09:30', midnight, noon)).toBe(Date.parse('2026-11-23T09:30:00+05:00'))
  expect(instantOf('12:01', midnight, noon)).toBeUndefined()
  expect(instantOf('9', midnight, noon)).toBeUndefined()
})
