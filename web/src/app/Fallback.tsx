import { useSyncExternalStore } from 'react'
import { fallback } from '../api/fallback'
import css from './shell.module.css'
import { useShell } from './texts'

/** Fallback says that what the pages show is not all there is, and that nothing is lost. */
export function Fallback() {
  const t = useShell()
  if (!useSyncExternalStore(fallback.subscribe, fallback.get)) return null
  return (
    <div className={css.demo} role="status">
      <strong>{t('fallback.title')}</strong>
      <span>{t('fallback.text')}</span>
    </div>
  )
}
