import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useHistoryState } from 'wouter/use-browser-location'
import { ApiError } from '../../api/errors'
import { readList } from '../../api/list'
import { useUrlState, type Change } from '../../lib/urlState'
import { activeNames, PAGE_SIZE, parseSort, requestOf, shownColumns, writeShown, writeSort } from './state'
import type { Column, Sort } from './types'

export interface Source<T> {
  /** The first part of the query's key, and the name of exported files. */
  name: string
  /** The list's route; the export's is the same with /export. */
  path: string
  columns: Column<T>[]
  /** What the page itself asks of the list, beside the user's filters. */
  fixed?: Record<string, string | number | boolean | undefined>
  /** The zone of days that are filtered by. */
  zone?: string
  /** Goes before this grid's parameters where a page has two. */
  prefix?: string
  /** Milliseconds after which the page is read again. */
  refresh?: number
}

export type GridState<T> = ReturnType<typeof useGrid<T>>

/** useGrid is a grid's state, all of it in the address, and the page that it shows. */
export function useGrid<T>({ name, path, columns, fixed, zone = 'UTC', prefix, refresh }: Source<T>) {
  const [params, changeUrl] = useUrlState()
  const own = (key: string) => (prefix ? `${prefix}.${key}` : key)
  const kept = useHistoryState<Record<string, string[]> | null>()
  /** The places of the pages before this one: the server knows only the way forward. */
  const trail = kept?.[own('before')] ?? []
  const get = (key: string) => params.get(own(key))
  const set = (change: Change, options?: Parameters<typeof changeUrl>[1]) =>
    changeUrl(Object.fromEntries(Object.entries(change).map(([key, value]) => [own(key), value])), options)
  /** A change of what is asked leads back to the first page. */
  const refine = (change: Change) => set({ ...change, after: null, page: null, open: null })

  const goTo = (place: string | undefined, number: number, before: string[]) =>
    set(
      { after: place, page: number > 1 ? number : null, open: null },
      { push: true, state: { ...kept, [own('before')]: before } },
    )

  const request = requestOf(get, columns, zone, fixed)
  const after = get('after')
  const page = Math.max(Number(get('page')) || 1, 1)
  const query = useQuery({
    queryKey: [name, 'grid', path, request.toString(), after],
    queryFn: ({ signal }) => {
      const asked = new URLSearchParams(request)
      asked.set('limit', String(PAGE_SIZE))
      if (after) asked.set('after', after)
      return readList<T>(path, asked, signal)
    },
    placeholderData: keepPreviousData,
    refetchInterval: refresh,
  })
  // A place is bound to its sorting: where that was changed by hand, the list begins anew.
  const lost =
    after !== null && query.error instanceof ApiError && query.error.envelope?.code === 'bad_cursor'
  useEffect(() => {
    if (lost) goTo(undefined, 1, [])
  })
  // A link to a later page does not bring the pages before it along; from there the way back is to the first.
  const toPrevious = () =>
    trail.length > 0 ? goTo(trail.at(-1), page - 1, trail.slice(0, -1)) : goTo(undefined, 1, [])
  const rows = query.data?.items ?? []
  const next = query.data?.next
  const active = activeNames(get, columns)
  return {
    query,
    rows,
    request,
    get,
    refine,
    page,
    active,
    sorts: parseSort(get('sort')),
    sortBy: (sorts: Sort[]) => refine({ sort: writeSort(sorts) }),
    shown: shownColumns(columns, get('cols')),
    show: (ids: string[]) => set({ cols: writeShown(columns, ids) }),
    opened: get('open'),
    open: (key: string | null) => set({ open: key }),
    clear: () => refine(Object.fromEntries(active.map((key) => [key, null]))),
    toNext: next ? () => goTo(next, page + 1, [...trail, after ?? '']) : undefined,
    toPrevious: page > 1 || after ? toPrevious : undefined,
  }
}
