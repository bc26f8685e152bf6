import { useGateways } from '../../api/queries'
import type { Rollout } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { useCode } from '../../ui/codes/words'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import { useTexts } from './texts'

const counts = ['reached', 'completed', 'waiting', 'failed', 'expired', 'cancelled'] as const
/** Of these nothing is said while there are none. */
const RARE: readonly string[] = ['failed', 'expired', 'cancelled']

/** Answers are what the gateways say to a version, and the latest that could not take it. */
export function Answers({ rollout, zone }: { rollout: Rollout; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const code = useCode()
  const gateways = useGateways().items
  const nameOf = (wanted: string) => {
    const gateway = gateways.find(({ id }) => id === wanted)
    return gateway ? gateway.name || gateway.serial : wanted
  }
  const shown = counts.filter((name) => rollout.gateways[name] > 0 || !RARE.includes(name))
  return (
    <>
      <dl className={`${ui.facts} ${css.facts}`}>
        {shown.map((name) => (
          <div key={name} data-count={name}>
            <dt>{t(name)}</dt>
            <dd className={name === 'failed' ? ui.bad : undefined}>
              {number(rollout.gateways[name], language)}
            </dd>
          </div>
        ))}
      </dl>
      {rollout.failures.length > 0 && (
        <ul className={css.rows}>
          {rollout.failures.map((failure) => (
            <li key={failure.gatewayId}>
              <span>
                {nameOf(failure.gatewayId)}: {code(failure.code)}
                {failure.at && (
                  <span className={ui.sub}>{dateTime(Date.parse(failure.at), zone, language)}</span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
