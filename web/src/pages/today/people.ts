import { compareNames, fold } from '../../lib/fold'
import type { Person, State, Today } from './types'

/** The chips above the people, each a question about the day; "here" are those at work, at the desk or not. */
export const filters = [
  'here',
  'came',
  'late',
  'absent',
  'away',
  'left',
  'later',
  'excused',
  'dayOff',
] as const
export type Filter = (typeof filters)[number]

/** offered are the chips of a day: of one that is over nobody is here, away, or gone home any more. */
export const offered = (live: boolean): Filter[] =>
  filters.filter((filter) => (live ? filter !== 'came' : !['here', 'away', 'left', 'later'].includes(filter)))

export const isFilter = (text: string | null): text is Filter => filters.some((filter) => filter === text)

/** saidOf is what a state is called: of a day that is over, only whether somebody came. */
export const saidOf = (state: State, live: boolean): State | 'came' =>
  !live && ['present', 'away', 'left'].includes(state) ? 'came' : state

/** passes says that a person is among those that a chip counts. */
export function passes(person: Person, filter: Filter): boolean {
  if (filter === 'here') return person.state === 'present' || person.state === 'away'
  if (filter === 'came') return saidOf(person.state, false) === 'came'
  if (filter === 'late') return wasLate(person)
  return person.state === filter
}

export const lateness = (person: Person): number => person.lateMinutes ?? 0

/** wasLate: who has not come yet is missing, not late. */
export const wasLate = (person: Person): boolean => person.state !== 'absent' && lateness(person) > 0

export const countOf = ({ people }: Today, filter: Filter): number =>
  people.filter((person) => passes(person, filter)).length

/** What needs an answer comes first: who is missing, then who is late, then the others. */
const RANKS: Record<State, number> = {
  absent: 0,
  present: 2,
  away: 2,
  left: 3,
  later: 4,
  excused: 5,
  dayOff: 6,
}

const rank = (person: Person) => (wasLate(person) ? 1 : RANKS[person.state])

export const orders = ['name', 'came', 'late'] as const
export type Order = (typeof orders)[number]

const byName = (a: Person, b: Person) => compareNames(a.name, b.name)
const byRank = (a: Person, b: Person) =>
  rank(a) - rank(b) ||
  Number(isSilent(b)) - Number(isSilent(a)) ||
  (rank(a) <= 1 ? lateness(b) - lateness(a) : 0) ||
  byName(a, b)

const lateBy = (person: Person) => (wasLate(person) ? lateness(person) : 0)
const arrival = ({ firstAt }: Person) => (firstAt ? Date.parse(firstAt) : Number.MAX_SAFE_INTEGER)

const ORDERS: Record<Order, (a: Person, b: Person) => number> = {
  name: byName,
  late: (a, b) => lateBy(b) - lateBy(a) || byName(a, b),
  came: (a, b) => arrival(a) - arrival(b) || byName(a, b),
}

/** shown are the people of a chip whose name, department or computer has the words, in order. */
export function shown(people: readonly Person[], filter?: Filter, find = '', order?: Order): Person[] {
  const wanted = fold(find.trim())
  const has = ({ name, department, computer }: Person) =>
    fold(`${name} ${department} ${computer ?? ''}`).includes(wanted)
  return people
    .filter((person) => (!filter || passes(person, filter)) && (wanted === '' || has(person)))
    .sort(order ? ORDERS[order] : byRank)
}

/** hours is the stretch that the strips show: every shift and everybody's first and last moment, in whole hours. */
export function hours(today: Today): { from: number; to: number } | undefined {
  const HOUR = 3_600_000
  const moments = today.people.flatMap((p) =>
    [p.expectedFrom, p.expectedUntil, p.firstAt, p.lastAt].flatMap((at) => (at ? [Date.parse(at)] : [])),
  )
  if (moments.length === 0) return undefined
  const least = moments.reduce((a, b) => Math.min(a, b))
  const most = moments.reduce((a, b) => Math.max(a, b))
  return { from: Math.floor(least / HOUR) * HOUR, to: Math.ceil(most / HOUR) * HOUR }
}

/** isSilent says that nobody came, and that the computer cannot tell. */
export const isSilent = (person: Person): boolean =>
  person.state === 'absent' && person.computerState !== undefined && person.computerState !== 'online'
