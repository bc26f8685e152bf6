import { useEffect, useRef, useSyncExternalStore } from 'react'

/** A Key is something that one key does while what it belongs to is on the page. */
export interface Key {
  /** A letter, '/', '?', or a name as in KeyboardEvent.key. */
  keys: string
  /** What it does, for the sheet of keys. */
  says: string
  run: (event: KeyboardEvent) => void
}

const OFF = 'staff-control.keys'

let layers: { current: Key[] }[] = []
const listeners = new Set<() => void>()

function changeLayers(next: typeof layers): void {
  if (layers.length === 0 && next.length > 0) document.addEventListener('keydown', onKeyDown)
  if (layers.length > 0 && next.length === 0) document.removeEventListener('keydown', onKeyDown)
  layers = next
  listeners.forEach((listener) => listener())
}

/** useKeys makes keys work, and be listed by `?`, while the component is there. The latest component's win. */
export function useKeys(keys: Key[]): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    changeLayers([...layers, latest])
    return () => changeLayers(layers.filter((layer) => layer !== latest))
  }, [])
}

/** useKnownKeys returns what works now, each key once. */
export function useKnownKeys(): Key[] {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => layers,
  )
  const known = new Map<string, Key>()
  for (const layer of now) for (const key of layer.current) known.set(key.keys, key)
  return [...known.values()]
}

/** keysOff says that the user has turned single keys off: they get in the way of dictation. */
export function keysOff(): boolean {
  try {
    return localStorage.getItem(OFF) === 'off'
  } catch {
    return false
  }
}

export function turnKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(OFF)
    else localStorage.setItem(OFF, 'off')
  } catch {
    // Storage may be refused; then the keys stay as they are.
  }
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (isTyped(event.target) || document.querySelector('[role=dialog][aria-modal=true]')) return
  for (const layer of [...layers].reverse()) {
    const key = layer.current.find(({ keys }) => isKey(event, keys))
    if (!key) continue
    if (keysOff() && key.keys !== '?') return
    event.preventDefault()
    key.run(event)
    return
  }
}

const TYPED = 'input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]'

function isTyped(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches(TYPED)
}

/** isKey goes by the key's place, too: on a Cyrillic keyboard the one of `j` writes о. */
export function isKey(event: Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>, keys: string): boolean {
  if (keys === '/')
    return event.key === '/' || (event.code === 'Slash' && !event.shiftKey && event.key !== '?')
  if (keys === '?') return event.key === '?' || (event.code === 'Slash' && event.shiftKey)
  if (/^[a-z]$/.test(keys)) return event.code === `Key${keys.toUpperCase()}` && !event.shiftKey
  return event.key === keys
}
