import { Fragment } from 'react'
import { useSearchParams } from 'wouter'
import type { Gateway } from '../../api/types'
import { useZone } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { DownIcon, RightIcon } from '../../ui/icons'
import { Ago, Gauge, IconButton, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { GatewayDetail } from './GatewayDetail'
import { gapsOf } from './summary'
import { useTexts } from './texts'

/** GatewayTable has one row for each gateway; the opened one is in the address. */
export function GatewayTable({ gateways }: { gateways: Gateway[] }) {
  const t = useTexts()
  const [params, setParams] = useSearchParams()
  const opened = params.get('open')
  const toggle = (id: string) => setParams(opened === id ? {} : { open: id }, { replace: true })
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('name')}</th>
          <th>{t('state')}</th>
          <th>{t('buffer')}</th>
          <th className={ui.number}>{t('queue')}</th>
          <th className={ui.number}>{t('agents')}</th>
          <th>{t('complete')}</th>
          <th>{t('gaps')}</th>
          <th>{t('seen')}</th>
        </tr>
      </thead>
      <tbody>
        {gateways.map((gateway) => (
          <Fragment key={gateway.id}>
            <Row gateway={gateway} open={opened === gateway.id} onToggle={() => toggle(gateway.id)} />
            {opened === gateway.id && (
              <tr>
                <td colSpan={8} className={ui.whole}>
                  <GatewayDetail gateway={gateway} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  )
}

function Row({ gateway, open, onToggle }: { gateway: Gateway; open: boolean; onToggle: () => void }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(gateway.organizationId)
  const gaps = gapsOf(gateway)
  const name = gateway.name || gateway.serial
  const until = gateway.completeUntil
  return (
    <tr data-gateway={gateway.id}>
      <td className={ui.whole}>
        <span className={ui.named}>
          <IconButton label={t('details', { name })} onClick={onToggle} expanded={open}>
            {open ? <DownIcon size={16} /> : <RightIcon size={16} />}
          </IconButton>
          <span>
            <strong className={ui.nowrap}>{name}</strong>
            {name !== gateway.serial && <span className={ui.sub}>{gateway.serial}</span>}
          </span>
        </span>
      </td>
      <td data-label={t('state')}>
        <State gateway={gateway} zone={zone} />
      </td>
      <td data-label={t('buffer')}>
        <Gauge share={gateway.bufferUsage} label={`${t('buffer')}: ${name}`} />
      </td>
      <td data-label={t('queue')} className={ui.number}>
        {number(gateway.queueDepth, language)}
      </td>
      <td data-label={t('agents')} className={ui.number}>
        {number(gateway.connectedAgents, language)}
      </td>
      <td data-label={t('complete')} className={ui.nowrap}>
        {until ? dateTime(Date.parse(until), zone, language) : t('complete.never')}
      </td>
      <td data-label={t('gaps')} className={ui.nowrap}>
        {gaps > 0 ? <Status tone="warn">{number(gaps, language)}</Status> : t('gaps.none')}
      </td>
      <td data-label={t('seen')} className={ui.nowrap}>
        <Ago at={gateway.lastSeenAt} zone={zone} />
      </td>
    </tr>
  )
}

/** State says how the gateway is, and since when. */
function State({ gateway, zone }: { gateway: Gateway; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const { status, statusReason, statusSince } = gateway
  const since = statusSince && dateTime(Date.parse(statusSince), zone, language)
  return (
    <span>
      {status === 'online' && <Status tone="good">{t('online')}</Status>}
      {status === 'offline' && statusReason === 'enrolled' && <Status tone="warn">{t('awaited')}</Status>}
      {status === 'offline' && statusReason !== 'enrolled' && <Status tone="bad">{t('offline')}</Status>}
      {status === 'revoked' && <Status tone="quiet">{t('revoked')}</Status>}
      {since && <span className={`${ui.sub} ${ui.nowrap}`}>{t('since', { at: since })}</span>}
    </span>
  )
}
