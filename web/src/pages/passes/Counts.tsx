import { Link } from 'wouter'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import type { VisitorsDay } from '../visitors/types'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors } from './types'

/** Counts are today in numbers; each leads to its rows. */
export function Counts({ doors, visitors }: { doors: Doors; visitors?: VisitorsDay }) {
  const t = useTexts()
  const language = useLanguage()
  const [params, change] = useUrlState()
  const way = params.get('way')
  const inside = params.get('tab') === 'inside'
  const ways = [
    ['entries', 'ENTER', doors.entries],
    ['exits', 'EXIT', doors.exits],
    ['refused', 'REFUSED', doors.refused],
  ] as const
  return (
    <div className={css.counts} role="group" aria-label={t('counts')}>
      <button
        type="button"
        className={css.count}
        data-count="inside"
        aria-pressed={inside}
        onClick={() => change({ tab: inside ? null : 'inside' }, { push: true })}
      >
        <strong>{number(doors.inside, language)}</strong>
        <span>{t('inside')}</span>
      </button>
      <Link className={css.count} href="/visitors?view=inside" data-count="visitors">
        <strong>{visitors ? number(visitors.inside, language) : '–'}</strong>
        <span>{t('visitors')}</span>
        {visitors && visitors.overstay > 0 && (
          <small className={css.late}>{t('overstay', { n: number(visitors.overstay, language) })}</small>
        )}
      </Link>
      {ways.map(([name, value, count]) => (
        <button
          key={name}
          type="button"
          className={css.count}
          data-count={name}
          data-some={count > 0 || undefined}
          aria-pressed={!inside && way === value}
          onClick={() => change({ way: !inside && way === value ? null : value, tab: null }, { push: true })}
        >
          <strong>{number(count, language)}</strong>
          <span>{t(name)}</span>
        </button>
      ))}
    </div>
  )
}
