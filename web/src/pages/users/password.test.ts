import { expect, it } from 'vitest'
import { invent } from './password'

it('has capital and small letters and digits, in groups, and never the same twice', () => {
  const made = new Set(Array.from({ length: 50 }, () => invent()))
  expect(made.size).toBe(50)
  for (const password of made)
    expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\w{5}(-\w{5}){2}-\w{4}#$/)
})
