import { expect, it } from 'vitest'
import { held } from './gestures'

const HOUR = 3_600_000
const hours = (from: number, to: number) => ({ from: from * HOUR, to: to * HOUR })
const day = hours(0, 24)

it('drags: what was under the finger stays there', () => {
  const view = hours(8, 12)
  expect(held([{ at: 10 * HOUR, x: 50 }], view, day, 100)).toEqual(view)
  expect(held([{ at: 10 * HOUR, x: 75 }], view, day, 100)).toEqual(hours(7, 11))
  expect(held([{ at: 10 * HOUR, x: 900 }], view, day, 100)).toEqual(hours(0, 4))
})

it('pinches: both fingers keep their instants, in either order', () => {
  const touches = [
    { at: 10 * HOUR, x: 0 },
    { at: 12 * HOUR, x: 100 },
  ]
  expect(held(touches, day, day, 100)).toEqual(hours(10, 12))
  expect(held(touches.reverse(), day, day, 100)).toEqual(hours(10, 12))
})

it('leaves the view alone without a finger', () => expect(held([], day, day, 100)).toBe(day))
