import { expect, it } from 'vitest'
import { dateOf, written } from './birthday'

it('takes a date as a passport has it', () => {
  expect(dateOf('31.01.1990')).toBe('1990-01-31')
  expect(dateOf(' 1/2/1990')).toBe('1990-02-01')
  expect(dateOf('1990-01-31')).toBe('1990-01-31')
  expect(dateOf('')).toBe('')
  expect(dateOf('yesterday')).toBe('yesterday')
})

it('writes it back as it was taken', () => {
  expect(written('1990-01-31')).toBe('31.01.1990')
  expect(written('')).toBe('')
})
