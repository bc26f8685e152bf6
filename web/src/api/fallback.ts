/** Whether the last answer about time series said that TimescaleDB is away, so that only what came since is seen. */
let away = false
const listeners = new Set<() => void>()

/** Answers about time series carry the header while TimescaleDB is away; others say nothing of it. */
const TELLING = /^\/api\/v2\/(monitoring|activity|screenshots)\b/

/** heard reads from an answer whether TimescaleDB is away. */
export function heard(path: string, response: Response): void {
  const now = response.headers.get('X-Fallback-Mode') === 'true'
  if (now === away || !(now || (response.ok && TELLING.test(path)))) return
  away = now
  for (const listener of listeners) listener()
}

export const fallback = {
  get: () => away,
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
}
