import { expect, it } from 'vitest'
import { runs } from './runs'

it('joins days that follow one another', () => {
  expect(runs([5, 1, 2, 3, 7])).toEqual([
    [1, 3],
    [5, 5],
    [7, 7],
  ])
  expect(runs([])).toEqual([])
})
