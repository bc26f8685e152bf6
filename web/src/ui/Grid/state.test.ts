import { describe, expect, it } from 'vitest'
import {
  activeNames,
  nextSort,
  parseSort,
  rangeOf,
  requestOf,
  shownColumns,
  writeShown,
  writeSort,
} from './state'
import type { Column } from './types'

const cell = () => null
const columns: Column<unknown>[] = [
  { id: 'name', title: 'Name', cell, head: true, sort: true, filter: { kind: 'text' } },
  { id: 'state', title: 'State', cell, filter: { kind: 'enum', options: [] } },
  { id: 'seenAt', title: 'Seen', cell, sort: true, filter: { kind: 'dates' } },
  { id: 'queue', title: 'Queue', cell, sort: true, filter: { kind: 'number' }, hidden: true },
]
const asked = (address: string) => {
  const params = new URLSearchParams(address)
  return (name: string) => params.get(name)
}
const request = (address: string, zone = 'UTC', fixed = {}) =>
  Object.fromEntries(requestOf(asked(address), columns, zone, fixed))

describe('sorting', () => {
  it('is written as it is read', () => {
    expect(parseSort('-seenAt,name')).toEqual([
      { id: 'seenAt', down: true },
      { id: 'name', down: false },
    ])
    expect(writeSort(parseSort('-seenAt,name'))).toBe('-seenAt,name')
    expect([parseSort(null), parseSort(''), parseSort(',-')]).toEqual([[], [], []])
  })
  it('turns a column up, down and off', () => {
    const steps = ['', 'name', '-name'].map((text) => writeSort(nextSort(parseSort(text), 'name', false)))
    expect(steps).toEqual(['name', '-name', ''])
  })
  it('replaces the others, or keeps them with Shift', () => {
    expect(writeSort(nextSort(parseSort('-seenAt'), 'name', false))).toBe('name')
    expect(writeSort(nextSort(parseSort('-seenAt'), 'name', true))).toBe('-seenAt,name')
    expect(writeSort(nextSort(parseSort('seenAt,name'), 'seenAt', true))).toBe('-seenAt,name')
    expect(writeSort(nextSort(parseSort('-seenAt,name'), 'seenAt', true))).toBe('name')
  })
})

describe('the request', () => {
  it('has the search, the filters and the sorting, and nothing else of the address', () => {
    expect(request('q= ali &state=online,offline&sort=-name&after=x&page=2&open=7&cols=name')).toEqual({
      q: 'ali',
      state: 'online,offline',
      sort: '-name',
    })
  })
  it('sorts by no column that cannot', () => {
    expect(request('sort=state,-nobody,name')).toEqual({ sort: 'name' })
  })
  it('makes instants of days: from the beginning of the first to the end of the last', () => {
    expect(request('seenAt.from=2026-11-20&seenAt.to=2026-11-22', 'Asia/Tashkent')).toEqual({
      'seenAt.from': '2026-11-19T19:00:00.000Z',
      'seenAt.to': '2026-11-22T19:00:00.000Z',
    })
    expect(request('seenAt.from=yesterday')).toEqual({})
  })
  it('has what the page asks of itself', () => {
    expect(request('queue.from=3', 'UTC', { open: true, departmentId: undefined })).toEqual({
      'queue.from': '3',
      open: 'true',
    })
  })
  it('knows which filters are set', () => {
    expect(activeNames(asked('q=x&state=&seenAt.to=2026-01-01&sort=name'), columns)).toEqual([
      'q',
      'seenAt.to',
    ])
  })
})

describe('columns', () => {
  const ids = (chosen: string | null) => shownColumns(columns, chosen).map(({ id }) => id)
  it('are the usual ones, or those chosen; the head always', () => {
    expect(ids(null)).toEqual(['name', 'state', 'seenAt'])
    expect(ids('queue,state')).toEqual(['name', 'state', 'queue'])
  })
  it('are in the address only where they are not as usual', () => {
    expect(writeShown(columns, ['seenAt', 'state', 'name'])).toBeNull()
    expect(writeShown(columns, ['queue'])).toBe('name,queue')
  })
})

it('counts rows from the first page', () => {
  expect([rangeOf(1, 50), rangeOf(3, 7)]).toEqual([
    { first: 1, last: 50 },
    { first: 101, last: 107 },
  ])
})
