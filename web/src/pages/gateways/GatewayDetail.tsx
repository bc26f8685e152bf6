import { Button } from '@mantine/core'
import { useState } from 'react'
import { useOrganizations, useUser, useZone } from '../../api/queries'
import type { Gateway, Stream } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import ui from '../../ui/ui.module.css'
import { Revoke, RotateKey } from './actions'
import { useTexts } from './texts'

/** GatewayDetail is what lies behind a row: facts, streams with their gaps, and what an administrator can do. */
export function GatewayDetail({ gateway }: { gateway: Gateway }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(gateway.organizationId)
  const organization = useOrganizations().find(({ id }) => id === gateway.organizationId)
  const skew = gateway.clockSkewMs
  const facts: [string, string | undefined][] = [
    [t('serial'), gateway.serial],
    [t('version'), gateway.version],
    [t('skew'), skew === undefined ? undefined : `${number(skew / 1000, language, 1)}\u00a0s`],
    [t('setAside'), gateway.setAside > 0 ? number(gateway.setAside, language) : undefined],
    [t('created'), dateTime(Date.parse(gateway.createdAt), zone, language)],
    [t('organization'), organization?.shortName],
  ]
  return (
    <div className={ui.detail}>
      <dl className={ui.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value || '—'}</dd>
          </div>
        ))}
      </dl>
      <h3>{t('streams')}</h3>
      {gateway.streams.length === 0 ? (
        <p className={ui.quiet}>{t('streams.none')}</p>
      ) : (
        <Streams streams={gateway.streams} zone={zone} />
      )}
      <Actions gateway={gateway} zone={zone} />
    </div>
  )
}

/** reasonOf returns the text for why a gateway dropped something. */
const reasonOf = (reason: string) =>
  reason === 'overflow' || reason === 'refused' ? (`lost.${reason}` as const) : 'lost.unknown'

function Streams({ streams, zone }: { streams: Stream[]; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const moment = (at: string) => dateTime(Date.parse(at), zone, language)
  return (
    <div className={ui.scroll} tabIndex={0} role="region" aria-label={t('streams')}>
      <table className={ui.table}>
        <thead>
          <tr>
            <th>{t('stream')}</th>
            <th className={ui.number}>{t('watermark')}</th>
            <th>{t('complete')}</th>
            <th>{t('gaps')}</th>
          </tr>
        </thead>
        <tbody>
          {streams.map((stream) => (
            <tr key={stream.epoch + stream.stream}>
              <td className={ui.whole}>
                {stream.stream}
                <span className={ui.sub} title={stream.epoch}>
                  {stream.epoch.slice(0, 8)}
                </span>
              </td>
              <td data-label={t('watermark')} className={ui.number}>
                {number(stream.watermark, language)}
              </td>
              <td data-label={t('complete')} className={ui.nowrap}>
                {stream.completeUntil ? moment(stream.completeUntil) : '—'}
              </td>
              <td data-label={t('gaps')}>
                <div>
                  {stream.gaps.length === 0 && t('gaps.none')}
                  {stream.gaps.map((gap) => (
                    <div key={gap.first}>
                      {t('gap', {
                        first: number(gap.first, language),
                        last: number(gap.last, language),
                        since: moment(gap.since),
                      })}
                      {gap.reason && <span className={ui.sub}>{t(reasonOf(gap.reason))}</span>}
                    </div>
                  ))}
                  {stream.gapsTotal > stream.gaps.length && (
                    <span className={ui.sub}>
                      {t('gaps.more', { number: number(stream.gapsTotal - stream.gaps.length, language) })}
                    </span>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Actions({ gateway, zone }: { gateway: Gateway; zone: string }) {
  const t = useTexts()
  const [asking, setAsking] = useState<'rotate' | 'revoke'>()
  const close = () => setAsking(undefined)
  if (useUser().role !== 'ADMIN' || gateway.status === 'revoked') return null
  return (
    <div className={ui.actions}>
      <Button variant="default" size="xs" onClick={() => setAsking('rotate')}>
        {t('rotate')}
      </Button>
      <Button variant="default" size="xs" className={ui.bad} onClick={() => setAsking('revoke')}>
        {t('revoke')}
      </Button>
      {asking === 'rotate' && <RotateKey gateway={gateway} zone={zone} onClose={close} />}
      {asking === 'revoke' && <Revoke gateway={gateway} onClose={close} />}
    </div>
  )
}
