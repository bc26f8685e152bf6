import { expect, it } from 'vitest'
import { countOf, hours, isSilent, offered, passes, saidOf, shown } from './people'
import type { Person, State, Today } from './types'

const person = (name: string, state: State, more: Partial<Person> = {}): Person => ({
  employeeId: 1,
  organizationId: 1,
  name,
  departmentId: 1,
  department: 'Savdo',
  state,
  ...more,
})

const people = [
  person('Anvar', 'present'),
  person('Botir', 'present', { lateMinutes: 12, firstAt: '2026-01-05T04:12:00Z' }),
  person('Dilnoza', 'absent', { lateMinutes: 90, computer: 'PC-17', computerState: 'offline' }),
  person('Feruza', 'left', { lateMinutes: 40, firstAt: '2026-01-05T04:40:00Z', department: 'Ombor' }),
  person('Jasur', 'dayOff'),
  person('Kamola', 'away', { firstAt: '2026-01-05T03:50:00Z', lastAt: '2026-01-05T10:30:00Z' }),
]
const names = (found: Person[]) => found.map(({ name }) => name)

it('puts first what needs an answer: the missing, then the late by how much', () => {
  expect(names(shown(people))).toEqual(['Dilnoza', 'Feruza', 'Botir', 'Anvar', 'Kamola', 'Jasur'])
})

it('counts who is absent for a reason apart from who is missing', () => {
  const absence = { kind: 'vacation' as const, firstDay: '2026-01-05', lastDay: '2026-01-09' }
  const onLeave = person('Lola', 'excused', { absence })
  expect(names(shown([onLeave, ...people], 'absent'))).toEqual(['Dilnoza'])
  expect(names(shown([onLeave, ...people], 'excused'))).toEqual(['Lola'])
  expect(names(shown([onLeave, ...people])).at(-2)).toBe('Lola')
})

it('puts a silent computer before one that only waits for its user', () => {
  const waiting = person('Aziz', 'absent', { lateMinutes: 200, computer: 'PC-2', computerState: 'online' })
  expect(names(shown([waiting, people[2]!]))).toEqual(['Dilnoza', 'Aziz'])
})

it('filters: who is missing is not late as well, who is away is here', () => {
  expect(names(shown(people, 'late'))).toEqual(['Feruza', 'Botir'])
  expect(names(shown(people, 'here'))).toEqual(['Botir', 'Anvar', 'Kamola'])
  expect(names(shown(people, 'absent'))).toEqual(['Dilnoza'])
  expect(passes(people[4]!, 'dayOff')).toBe(true)
  expect(countOf({ people } as Today, 'late')).toBe(2)
})

it('says of a day that is over only who came', () => {
  expect(offered(true)).not.toContain('came')
  expect(offered(false)).toEqual(['came', 'late', 'absent', 'excused', 'dayOff'])
  expect(names(shown(people, 'came'))).toEqual(['Feruza', 'Botir', 'Anvar', 'Kamola'])
  expect([saidOf('left', true), saidOf('left', false), saidOf('absent', false)]).toEqual([
    'left',
    'came',
    'absent',
  ])
})

it('finds by name, department and computer, in either script', () => {
  expect(names(shown(people, undefined, 'омбор'))).toEqual(['Feruza'])
  expect(names(shown(people, undefined, 'pc-17'))).toEqual(['Dilnoza'])
  expect(names(shown(people, 'late', 'dilnoza'))).toEqual([])
})

it('orders by name, arrival and lateness', () => {
  expect(names(shown(people, undefined, '', 'name'))[0]).toBe('Anvar')
  expect(names(shown(people, undefined, '', 'came')).slice(0, 3)).toEqual(['Kamola', 'Botir', 'Feruza'])
  expect(names(shown(people, undefined, '', 'late'))[0]).toBe('Feruza')
})

it('frames every moment in whole hours', () => {
  expect(hours({ people } as Today)).toEqual({
    from: Date.parse('2026-01-05T03:00:00Z'),
    to: Date.parse('2026-01-05T11:00:00Z'),
  })
  expect(hours({ people: [person('X', 'dayOff')] } as Today)).toBeUndefined()
})

it('knows whose computer cannot tell', () => {
  expect(people.filter(isSilent).map(({ name }) => name)).toEqual(['Dilnoza'])
})
