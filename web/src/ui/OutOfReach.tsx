import { useSyncExternalStore } from 'react'
import { fallback } from '../api/fallback'
import { Empty } from './Page'
import { useCommon } from './texts'
import css from './ui.module.css'

/** useAway says whether only what came since TimescaleDB went away can be seen. */
export const useAway = (): boolean => useSyncExternalStore(fallback.subscribe, fallback.get)

/** OutOfReach stands where there is nothing to show, and that says nothing about what there is. */
export function OutOfReach() {
  const t = useCommon()
  return (
    <section className={css.card}>
      <Empty title={t('away.title')} hint={t('away.hint')} />
    </section>
  )
}
