import type { Arrival } from '../../api/types'

/** The page to which the provider sends people back; the server's settings name it, too. */
export const BACK = '/sign-in'

const STORED = 'staff-control.return'

/** leave remembers where the page was before it goes to the provider. */
export function leave(): void {
  try {
    sessionStorage.setItem(STORED, location.pathname + location.search)
  } catch {
    // Storage may be refused; the first page then stands in.
  }
}

function left(): string | null {
  try {
    const path = sessionStorage.getItem(STORED)
    sessionStorage.removeItem(STORED)
    return path
  } catch {
    return null
  }
}

/** arrive takes what the provider sent out of the address, and puts there where the page was before; undefined if nothing came. */
export function arrive(): Arrival | undefined {
  const back = arrivalIn(location.pathname, location.search)
  if (back) history.replaceState(null, '', pathFrom(left()))
  return back
}

/** arrivalIn is what the provider sent with an address. */
export function arrivalIn(pathname: string, search: string): Arrival | undefined {
  const params = new URLSearchParams(search)
  const state = params.get('state')
  if (pathname !== BACK || !state) return undefined
  return { state, code: params.get('code') ?? undefined, error: params.get('error') ?? undefined }
}

/** pathFrom is an address of this server's pages, whatever was remembered. */
export const pathFrom = (remembered: string | null): string =>
  remembered && /^\/(?![/\\])/.test(remembered) && !remembered.startsWith(BACK) ? remembered : '/'
