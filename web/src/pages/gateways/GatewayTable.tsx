import { useZone } from '../../api/queries'
import type { Gateway } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { Grid, type Column } from '../../ui/Grid'
import { Ago, Gauge, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { GatewayDetail } from './GatewayDetail'
import { gapsOf } from './summary'
import { useTexts } from './texts'

const STATES = ['online', 'offline', 'revoked'] as const

/** GatewayTable has one row for each gateway; the opened one is in the address. */
export function GatewayTable({ empty, refresh }: { empty: React.ReactNode; refresh: number }) {
  const t = useTexts()
  const zone = useZone()
  const columns = useColumns()
  return (
    <Grid<Gateway>
      name="gateways"
      path="/api/v2/gateways"
      label={t('list')}
      columns={columns}
      zone={zone}
      refresh={refresh}
      rowKey={({ id }) => id}
      nameOf={nameOf}
      rowProps={({ id }) => ({ 'data-gateway': id })}
      detail={(gateway) => <GatewayDetail gateway={gateway} />}
      empty={{ title: t('empty.title'), hint: t(empty ? 'empty.hint' : 'empty.other'), action: empty }}
    />
  )
}

const nameOf = ({ name, serial }: Gateway) => name || serial

function useColumns(): Column<Gateway>[] {
  const t = useTexts()
  const language = useLanguage()
  return [
    {
      id: 'name',
      title: t('name'),
      head: true,
      sort: true,
      filter: { kind: 'text' },
      cell: (gateway) => (
        <>
          <strong className={ui.nowrap}>{nameOf(gateway)}</strong>
          {gateway.name && <span className={ui.sub}>{gateway.serial}</span>}
        </>
      ),
    },
    {
      id: 'status',
      title: t('state'),
      sort: true,
      filter: {
        kind: 'enum',
        chips: true,
        options: STATES.map((state) => ({ value: state, label: t(state) })),
      },
      cell: (gateway) => <State gateway={gateway} />,
    },
    {
      id: 'bufferUsage',
      title: t('buffer'),
      cell: (gateway) => <Gauge share={gateway.bufferUsage} label={`${t('buffer')}: ${nameOf(gateway)}`} />,
    },
    {
      id: 'queueDepth',
      title: t('queue'),
      sort: true,
      filter: { kind: 'number' },
      number: true,
      cell: ({ queueDepth }) => number(queueDepth, language),
    },
    {
      id: 'connectedAgents',
      title: t('agents'),
      sort: true,
      filter: { kind: 'number' },
      number: true,
      cell: ({ connectedAgents }) => number(connectedAgents, language),
    },
    {
      id: 'completeUntil',
      title: t('complete'),
      cell: (gateway) => <Complete gateway={gateway} />,
    },
    { id: 'gaps', title: t('gaps'), nowrap: true, cell: (gateway) => <Gaps gateway={gateway} /> },
    {
      id: 'lastSeenAt',
      title: t('seen'),
      sort: true,
      filter: { kind: 'dates' },
      cell: (gateway) => <Seen gateway={gateway} />,
    },
    {
      id: 'version',
      title: t('version'),
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
      cell: ({ version }) => version || '—',
    },
  ]
}

function Complete({ gateway: { completeUntil, organizationId } }: { gateway: Gateway }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(organizationId)
  return (
    <span className={ui.words}>
      {completeUntil ? dateTime(Date.parse(completeUntil), zone, language) : t('complete.never')}
    </span>
  )
}

function Gaps({ gateway }: { gateway: Gateway }) {
  const t = useTexts()
  const language = useLanguage()
  const gaps = gapsOf(gateway)
  return gaps > 0 ? <Status tone="warn">{number(gaps, language)}</Status> : t('gaps.none')
}

function Seen({ gateway }: { gateway: Gateway }) {
  return (
    <span className={ui.words}>
      <Ago at={gateway.lastSeenAt} zone={useZone(gateway.organizationId)} />
    </span>
  )
}

/** State says how the gateway is, and since when. */
function State({ gateway }: { gateway: Gateway }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(gateway.organizationId)
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
