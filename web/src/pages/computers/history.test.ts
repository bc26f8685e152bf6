import { expect, it } from 'vitest'
import { stretches } from './history'
import type { Turn } from './types'

const turn = (at: string, state: Turn['state']): Turn => ({
  at,
  state,
  reason: 'reporting',
  detail: '',
  version: '',
})

it('makes stretches of turns, the last one still going on', () => {
  const turns = [turn('2026-01-05T12:00:00Z', 'online'), turn('2026-01-05T10:00:00Z', 'offline')]
  const now = Date.parse('2026-01-05T13:00:00Z')
  expect(stretches(turns, now).map(({ from, to, turn: { state } }) => [from, to, state])).toEqual([
    [Date.parse('2026-01-05T10:00:00Z'), Date.parse('2026-01-05T12:00:00Z'), 'offline'],
    [Date.parse('2026-01-05T12:00:00Z'), now, 'online'],
  ])
})

it('leaves out what lasted no time, and has nothing to say of nothing', () => {
  const same = [turn('2026-01-05T12:00:00Z', 'online'), turn('2026-01-05T12:00:00Z', 'offline')]
  expect(stretches(same, Date.parse('2026-01-05T13:00:00Z'))).toHaveLength(1)
  expect(stretches([], 0)).toEqual([])
})
