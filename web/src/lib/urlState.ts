import { useCallback } from 'react'
import { useSearchParams } from 'wouter'

/** A change of the address: a text sets a parameter, null and '' take it out, others stay as they are. */
export type Change = Record<string, string | number | null | undefined>

interface Options {
  /** A step that "back" can undo; otherwise the present one is rewritten. */
  push?: boolean
  /** What the browser keeps beside the address, out of links. */
  state?: unknown
}

export type ChangeUrl = (change: Change, options?: Options) => void

/** changed returns the parameters with the change in them. */
export function changed(before: URLSearchParams, change: Change): URLSearchParams {
  const next = new URLSearchParams(before)
  for (const [key, value] of Object.entries(change)) {
    if (value === null || value === undefined || value === '') next.delete(key)
    else next.set(key, String(value))
  }
  return next
}

/** useUrlState reads the address's parameters and returns how to change some of them. */
export function useUrlState(): [URLSearchParams, ChangeUrl] {
  const [params, setParams] = useSearchParams()
  const change = useCallback<ChangeUrl>(
    (part, { push = false, state } = {}) =>
      // What was kept beside an address stays with it when the address is only rewritten.
      setParams((before) => changed(before, part), {
        replace: !push,
        state: state ?? (push ? null : history.state),
      }),
    [setParams],
  )
  return [params, change]
}
