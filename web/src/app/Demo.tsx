import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useDemo, useDemoMaking, useUser } from '../api/queries'
import css from './shell.module.css'
import { useShell } from './texts'

/** What was sent last is counted a little later than it is sent. */
const SETTLED_MS = 6000

/** Demo says that what the pages show is invented, or is still being made, and to who can how to be rid of it. */
export function Demo() {
  const t = useShell()
  const making = useDemoMaking()
  const mayRemove = useUser().role === 'ADMIN'
  useReread(making)
  if (useDemo().size === 0) return null
  return (
    <div className={css.demo} role="note">
      <strong>{t('demo.title')}</strong>
      <span>{t('demo.text')}</span>
      {making && <span>{t('demo.making')}</span>}
      {mayRemove && (
        <>
          <span>{t('demo.remove')}</span>
          <code>staff-control demo remove</code>
        </>
      )}
    </div>
  )
}

/** useReread reads everything anew when the company has come to be, and once more when its last numbers are in. */
function useReread(making: boolean): void {
  const queries = useQueryClient()
  const before = useRef(false)
  useEffect(() => {
    const made = before.current && !making
    before.current = making
    if (!made) return
    void queries.invalidateQueries()
    const timer = setTimeout(() => void queries.invalidateQueries(), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [making, queries])
}
