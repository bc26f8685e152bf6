import { useSearchParams } from 'wouter'
import { isDate } from '../../lib/format'
import type { View } from '../../lib/timeline'

/** The page's whole state is in its address, so that a link shows what its sender saw. */
export interface Address {
  employee?: number
  computer?: string
  kind: 'person' | 'computer'
  date?: string
  table: boolean
  find: string
  zoom: string
}

type Change = Partial<
  Record<'employee' | 'computer' | 'by' | 'date' | 'view' | 'find' | 'zoom', string | null>
>

/** useAddress reads it and returns how to change it; a change of subject or date is a step back can undo. */
export function useAddress(): [Address, (change: Change, replace?: boolean) => void] {
  const [params, setParams] = useSearchParams()
  const employee = Number(params.get('employee'))
  const computer = params.get('computer') ?? undefined
  const date = params.get('date')
  const address: Address = {
    employee: Number.isInteger(employee) && employee > 0 ? employee : undefined,
    computer,
    kind: computer !== undefined || params.get('by') === 'computer' ? 'computer' : 'person',
    date: isDate(date) ? date : undefined,
    table: params.get('view') === 'table',
    find: params.get('find') ?? '',
    zoom: params.get('zoom') ?? '',
  }
  const change = (part: Change, replace = false) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        for (const [key, value] of Object.entries(part)) {
          if (value === null || value === '') next.delete(key)
          else next.set(key, value)
        }
        return next
      },
      { replace },
    )
  return [address, change]
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
