import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { authorized } from '../api/client'
import { listen, type Place, type Told } from '../api/feed'

/** What is read again when something has happened. */
const CONCERNS: Record<Told, string[]> = {
  pass: ['presence', 'passes', 'visits'],
  alert: ['alerts', 'presence'],
  gateway: ['gateways', 'gateway', 'presence'],
  reset: ['presence', 'passes', 'visits', 'alerts', 'gateways', 'gateway'],
}

/** In the morning passes come faster than anybody reads. */
const GATHER_MS = 2000

/** useFeed has the pages of today, alerts and gateways read again when the server says that something has happened. */
export function useFeed(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const place: Place = {}
    let end: AbortController | undefined
    const stale = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      timer = undefined
      for (const key of stale) void queries.invalidateQueries({ queryKey: [key] })
      stale.clear()
    }
    const tell = (what: Told) => {
      for (const key of CONCERNS[what]) stale.add(key)
      timer ??= setTimeout(refresh, GATHER_MS)
    }
    // A browser has six connections to a server that speaks plain HTTP: what nobody sees must not hold one.
    const look = () => {
      end?.abort()
      end = document.hidden ? undefined : new AbortController()
      if (end) void listen(open, tell, end.signal, place)
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      end?.abort()
      clearTimeout(timer)
    }
  }, [queries])
}

function open(last: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ Accept: 'text/event-stream' })
  if (last !== undefined) headers.set('Last-Event-ID', last)
  return authorized(new Request('/api/v2/events', { headers, signal, cache: 'no-store' }))
}
