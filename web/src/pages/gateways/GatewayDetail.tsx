import { Button } from '@mantine/core'
import { useState } from 'react'
import { useOrganizations, useUser, useZone } from '../../api/queries'
import type { Gateway, Stream } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number, percent, tenths } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import ui from '../../ui/ui.module.css'
import { Revoke, RotateKey } from './actions'
import { Commands } from './Commands'
import { Restart, Update } from './orders'
import { useTexts } from './texts'
import { useOrder } from './useOrder'

/** GatewayDetail is what lies behind a row: facts, streams with their gaps, and what an administrator can do. */
export function GatewayDetail({ gateway }: { gateway: Gateway }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(gateway.organizationId)
  const organization = useOrganizations().find(({ id }) => id === gateway.organizationId)
  const skew = gateway.clockSkewMs
  const { control } = gateway
  const usage = (share?: number) => (share === undefined ? '—' : percent(share / 100, language))
  const load = [gateway.cpuUsage, gateway.memoryUsage, gateway.diskUsage]
  const channel =
    control &&
    [
      t(`control.${control.state}`),
      control.since && t('since', { at: dateTime(Date.parse(control.since), zone, language) }),
      control.reason,
    ]
      .filter(Boolean)
      .join(' · ')
  const facts: [string, string | undefined][] = [
    [t('serial'), gateway.serial],
    [t('version'), gateway.version],
    [t('skew'), skew === undefined ? undefined : tenths(skew / 1000, language)],
    [t('setAside'), gateway.setAside > 0 ? number(gateway.setAside, language) : undefined],
    [t('control'), channel],
    [t('load'), load.some((share) => share !== undefined) ? load.map(usage).join(' · ') : undefined],
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
      <h3>{t('commands')}</h3>
      <Commands gateway={gateway} zone={zone} />
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

type Asked = 'restart' | 'update' | 'rotate' | 'revoke'

function Actions({ gateway, zone }: { gateway: Gateway; zone: string }) {
  const t = useTexts()
  const [asking, setAsking] = useState<Asked>()
  const close = () => setAsking(undefined)
  const diagnose = useOrder(gateway.id)
  const { role } = useUser()
  if (gateway.status === 'revoked' || !['ADMIN', 'HR'].includes(role)) return null
  const button = (name: Asked) => (
    <Button
      variant="default"
      size="xs"
      className={name === 'revoke' ? ui.bad : undefined}
      onClick={() => setAsking(name)}
    >
      {t(name)}
    </Button>
  )
  return (
    <>
      <div className={ui.actions}>
        {button('restart')}
        <Button
          variant="default"
          size="xs"
          loading={diagnose.isPending}
          onClick={() => diagnose.mutate({ type: 'collect_diagnostics' })}
        >
          {t('diagnose')}
        </Button>
        {role === 'ADMIN' && button('update')}
        {role === 'ADMIN' && button('rotate')}
        {role === 'ADMIN' && button('revoke')}
      </div>
      {diagnose.isError && <ErrorNote error={diagnose.error} />}
      {asking === 'restart' && <Restart gateway={gateway} onClose={close} />}
      {asking === 'update' && <Update gateway={gateway} onClose={close} />}
      {asking === 'rotate' && <RotateKey gateway={gateway} zone={zone} onClose={close} />}
      {asking === 'revoke' && <Revoke gateway={gateway} onClose={close} />}
    </>
  )
}
