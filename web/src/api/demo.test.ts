import { expect, it } from 'vitest'
import { isBeingMade } from './demo'

const madeAt = '2026-01-05T09:00:00.5Z'

it('is being made until its people are there and its past is sent', () => {
  expect(isBeingMade({ madeAt, ready: false, sentUntil: '2026-01-05T09:01:00Z' })).toBe(true)
  expect(isBeingMade({ madeAt, ready: true })).toBe(true)
  expect(isBeingMade({ madeAt, ready: true, sentUntil: '2026-01-05T09:00:00Z' })).toBe(true)
  expect(isBeingMade({ madeAt, ready: true, sentUntil: madeAt })).toBe(false)
  expect(isBeingMade({ madeAt, ready: true, sentUntil: '2026-01-05T09:00:01Z' })).toBe(false)
})
