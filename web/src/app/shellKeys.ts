import { useEffect, useRef } from 'react'
import { isKey, useKeys } from '../ui/keys'
import { useShell } from './texts'

/** useShellKeys are the keys of every page: Ctrl K (on a Mac, Cmd K) even while typing, and `?`. */
export function useShellKeys(open: { palette: () => void; keys: () => void }): void {
  const t = useShell()
  useKeys([{ keys: '?', says: t('keys.sheet'), run: open.keys }])
  const latest = useRef(open)
  useEffect(() => {
    latest.current = open
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || !isKey(event, 'k')) return
      event.preventDefault() // some browsers search the web by it
      latest.current.palette()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}
