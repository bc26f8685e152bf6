import { useAway } from '../ui/OutOfReach'
import css from './shell.module.css'
import { useShell } from './texts'

/** Fallback says that what the pages show is not all there is, and that nothing is lost. */
export function Fallback() {
  const t = useShell()
  if (!useAway()) return null
  return (
    <div className={css.demo} role="status">
      <strong>{t('fallback.title')}</strong>
      <span>{t('fallback.text')}</span>
    </div>
  )
}
