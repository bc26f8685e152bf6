import { idOf } from '../../lib/ids'
import { isDate } from '../../lib/format'
import type { View } from '../../lib/timeline'
import { useUrlState } from '../../lib/urlState'

/** The page's whole state is in its address, so that a link shows what its sender saw. */
export interface Address {
  employee?: number
  computer?: string
  kind: 'person' | 'computer'
  span: 'day' | 'week'
  date?: string
  table: boolean
  find: string
  zoom: string
}

type Key = 'employee' | 'computer' | 'by' | 'span' | 'date' | 'view' | 'find' | 'zoom'

/** A change of whom or when is a step that Back undoes; with replace it is none. */
export type ChangeAddress = (change: Partial<Record<Key, string | null>>, replace?: boolean) => void

/** useAddress reads it and returns how to change it. */
export function useAddress(): [Address, ChangeAddress] {
  const [params, change] = useUrlState()
  const computer = params.get('computer') ?? undefined
  const date = params.get('date')
  const address: Address = {
    employee: idOf(params.get('employee')),
    computer,
    kind: computer !== undefined || params.get('by') === 'computer' ? 'computer' : 'person',
    span: params.get('span') === 'week' ? 'week' : 'day',
    date: isDate(date) ? date : undefined,
    table: params.get('view') === 'table',
    find: params.get('find') ?? '',
    zoom: params.get('zoom') ?? '',
  }
  return [address, (part, replace = false) => change(part, { push: !replace })]
}

const MINUTE = 60_000

/** zoomText writes a view as minutes from the day's beginning. */
export const zoomText = (view: View, whole: View): string => {
  const minutes = (at: number) => String(Math.round((at - whole.from) / MINUTE))
  return view.from === whole.from && view.to === whole.to ? '0' : `${minutes(view.from)}-${minutes(view.to)}`
}

/** parseZoom is its inverse; undefined for what is no stretch of this day. */
export function parseZoom(text: string, whole: View): View | undefined {
  if (text === '0') return whole
  const [from, to] = text.split('-').map((part) => whole.from + Number(part) * MINUTE)
  if (from === undefined || to === undefined || !(from >= whole.from && to <= whole.to && from < to))
    return undefined
  return { from, to }
}
