import { addDays, isDate, startOfDay } from '../../lib/format'
import type { Column, Filter, Sort } from './types'

// What of the address concerns a grid, and what it asks of the server.

export const PAGE_SIZE = 50

export function parseSort(text: string | null): Sort[] {
  const ids = (text ?? '').split(',').filter((part) => part.replace('-', '') !== '')
  return ids.map((part) => ({ id: part.replace(/^-/, ''), down: part.startsWith('-') }))
}

export const writeSort = (sorts: Sort[]): string =>
  sorts.map(({ id, down }) => (down ? '-' : '') + id).join(',')

/** nextSort turns a column up, down, and off; alone, or beside the others. */
export function nextSort(sorts: Sort[], id: string, beside: boolean): Sort[] {
  const now = sorts.find((sort) => sort.id === id)
  const next = now === undefined ? [{ id, down: false }] : now.down ? [] : [{ id, down: true }]
  if (!beside) return next
  if (now === undefined) return [...sorts, ...next]
  return sorts.flatMap((sort) => (sort.id === id ? next : [sort]))
}

/** namesOf are a filter's parameters: one, or the two ends of a range. */
export const namesOf = (id: string, filter: Filter): string[] =>
  filter.kind === 'dates' || filter.kind === 'number' ? [`${id}.from`, `${id}.to`] : [id]

const filtersOf = <T>(columns: Column<T>[]) =>
  columns.flatMap(({ id, filter }) => (filter ? [{ id, filter }] : []))

/** activeNames are the parameters of the filters and the search that are set. */
export function activeNames<T>(get: (name: string) => string | null, columns: Column<T>[]): string[] {
  const names = filtersOf(columns).flatMap(({ id, filter }) => namesOf(id, filter))
  return ['q', ...names].filter((name) => get(name))
}

/** requestOf is what the server is asked: search, sorting and filters, without the place in the list. */
export function requestOf<T>(
  get: (name: string) => string | null,
  columns: Column<T>[],
  zone: string,
  fixed: Record<string, string | number | boolean | undefined> = {},
): URLSearchParams {
  const request = new URLSearchParams()
  const set = (name: string, value: string | null | undefined) => value && request.set(name, value)
  set('q', get('q')?.trim())
  const sorts = parseSort(get('sort')).filter(({ id }) => columns.some((one) => one.id === id && one.sort))
  set('sort', writeSort(sorts))
  for (const { id, filter } of filtersOf(columns)) {
    for (const name of namesOf(id, filter)) {
      const value = get(name)
      set(name, filter.kind === 'dates' ? instantOf(value, zone, name.endsWith('.to')) : value)
    }
  }
  for (const [name, value] of Object.entries(fixed)) {
    if (value !== undefined) request.set(name, String(value))
  }
  return request
}

/** instantOf is when a day begins; of the last day of a range, when it ends. */
function instantOf(date: string | null, zone: string, last: boolean): string | undefined {
  if (!isDate(date)) return undefined
  return new Date(startOfDay(last ? addDays(date, 1) : date, zone)).toISOString()
}

/** shownColumns are those chosen in the address, in the table's own order; the head is always among them. */
export function shownColumns<T>(columns: Column<T>[], chosen: string | null): Column<T>[] {
  const ids = chosen?.split(',')
  return columns.filter(({ id, head, hidden }) => head || (ids ? ids.includes(id) : !hidden))
}

/** writeShown is what the address says of the columns: nothing where they are as the page has them. */
export function writeShown<T>(columns: Column<T>[], shown: string[]): string | null {
  const usual = columns.filter(({ hidden }) => !hidden).map(({ id }) => id)
  const wanted = columns.filter(({ id, head }) => head || shown.includes(id)).map(({ id }) => id)
  return wanted.join() === usual.join() ? null : wanted.join()
}

/** rangeOf are the numbers of the first and last row of a page. */
export function rangeOf(page: number, rows: number): { first: number; last: number } {
  const first = (page - 1) * PAGE_SIZE + 1
  return { first, last: first + rows - 1 }
}
