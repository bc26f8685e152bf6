import { expect, it } from 'vitest'
import type { Day } from '../../api/types'
import { busy, matches, piecesOf } from './pieces'

const at = (clock: string) => `2026-01-05T${clock}:00Z`
const span = (from: string, to: string) => ({ from: at(from), to: at(to), computer: 'PC-1' })

const day: Day = {
  date: '2026-01-05',
  zone: 'UTC',
  from: at('00:00'),
  to: '2026-01-06T00:00:00Z',
  sessions: [{ ...span('09:00', '18:00'), state: 'active' }],
  windows: [
    { ...span('10:00', '11:00'), process: 'excel.exe', title: 'Hisobot' },
    { ...span('09:00', '10:00'), process: 'rare.exe', title: '' },
  ],
  sites: [{ ...span('11:00', '12:00'), host: 'lex.uz', url: 'https://lex.uz/1', title: 'Qonun' }],
  idle: [span('12:00', '13:00')],
  topApplications: [{ name: 'excel.exe', seconds: 3600, share: 1 }],
  topSites: [{ name: 'lex.uz', seconds: 3600, share: 1 }],
  totals: { activeSeconds: 0, idleSeconds: 0, lockedSeconds: 0 },
  truncated: false,
}

it('orders lanes by time and colours by rank', () => {
  const { window, web } = piecesOf(day)
  expect(window.map(({ what, colour }) => [what, colour])).toEqual([
    ['rare.exe', 'var(--series-other)'],
    ['excel.exe', 'var(--series-1)'],
  ])
  expect(web[0]).toMatchObject({
    what: 'lex.uz',
    detail: 'Qonun — https://lex.uz/1',
    colour: 'var(--series-1)',
  })
})

it('finds by program and by title, whatever the case', () => {
  const piece = piecesOf(day).window[1]!
  expect([
    matches(piece, ' HISOB '),
    matches(piece, 'excel'),
    matches(piece, 'word'),
    matches(piece, ''),
  ]).toEqual([true, true, false, true])
})

it('frames the active hours inside the day', () => {
  const whole = { from: Date.parse(day.from), to: Date.parse(day.to) }
  const frame = busy(piecesOf(day), whole)!
  expect(frame.from).toBe(Date.parse(at('09:00')) - 0.03 * 9 * 3_600_000)
  expect(frame.to).toBeLessThan(whole.to)
  expect(busy({ session: [], window: [], web: [], idle: [] }, whole)).toBeUndefined()
})
