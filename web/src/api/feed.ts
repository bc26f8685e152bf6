/** What the server tells of, by its name in the stream; reset says that something was missed. */
export type Told = 'pass' | 'alert' | 'gateway' | 'reset'

interface Event {
  id?: string
  name: string
  data: string
}

/** events reads server-sent events. They come in pieces that end anywhere, within a letter too. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) yield parse(block)
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}

function parse(block: string): Event {
  const event: Event = { name: '', data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (line.startsWith('id:')) event.id = value
    else if (line.startsWith('event:')) event.name = value
    else if (line.startsWith('data:')) event.data += value
  }
  return event
}

/** Place is how far somebody has been told. */
export interface Place {
  last?: string
}

const PAUSE_MS = 2000
const LONGEST_MS = 60_000
const TOLD: readonly string[] = ['pass', 'alert', 'gateway', 'reset'] satisfies Told[]

/**
 * listen tells of what happens until the signal ends it. A stream that breaks is taken up where it was; the longer it
 * cannot be, the less often that is tried. EventSource cannot do this: it sends no access token.
 */
export async function listen(
  open: (lastId: string | undefined, signal: AbortSignal) => Promise<Response>,
  tell: (what: Told) => void,
  signal: AbortSignal,
  place: Place = {},
  pause: (ms: number, signal: AbortSignal) => Promise<void> = sleep,
): Promise<void> {
  let wait = PAUSE_MS
  while (!signal.aborted) {
    try {
      const response = await open(place.last, signal)
      if (response.ok && response.body) {
        for await (const event of events(response.body)) {
          place.last = event.id ?? place.last
          wait = PAUSE_MS
          if (TOLD.includes(event.name)) tell(event.name as Told)
        }
      }
    } catch {
      // Whatever it was, it is tried again.
    }
    if (signal.aborted) return
    await pause(wait * (0.5 + Math.random()), signal) // not all pages at once
    wait = Math.min(wait * 2, LONGEST_MS)
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
