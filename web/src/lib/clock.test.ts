import { expect, it } from 'vitest'
import { clockOf } from './clock'

it('reads a time of day as people type it', () => {
  expect(['9', '930', '9:30', ' 09.30 ', '2359'].map(clockOf)).toEqual([
    '09:00',
    '09:30',
    '09:30',
    '09:30',
    '23:59',
  ])
  expect(['', '24', '9:75', 'nine', '9:3'].map(clockOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
