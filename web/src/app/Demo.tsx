import { useDemo } from '../api/queries'
import css from './shell.module.css'
import { useShell } from './texts'

/** Demo says that what the pages show is invented, and how to be rid of it. */
export function Demo() {
  const t = useShell()
  if (useDemo().size === 0) return null
  return (
    <div className={css.demo} role="note">
      <strong>{t('demo.title')}</strong>
      <span>{t('demo.text')}</span>
      <code>staff-control demo remove</code>
    </div>
  )
}
