import { Button, SegmentedControl } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useGateways, useZone } from '../../api/queries'
import type { Alert } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, zoneLabel } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { ErrorNote } from '../../ui/ErrorNote'
import { Grid, type Column } from '../../ui/Grid'
import { Page } from '../../ui/Page'
import { Ago, Status, useNow, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { gatewayOf, subjectOf, useDescription } from './describe'
import { useTexts } from './texts'

const REFRESH_MS = 30_000
const SEVERITIES = ['critical', 'warning', 'info'] as const
const KINDS = [
  'gateway_offline',
  'data_gap',
  'data_dropped',
  'buffer_overflow',
  'connection_failed',
  'update_rolled_back',
  'timescale_fallback_activated',
  'timescale_recovered',
  'storage_file_missing',
  'retention_failed',
  'policy_failed',
  'policy_rollout_stopped',
] as const
const TONES: Record<Alert['severity'], Tone> = { critical: 'bad', warning: 'warn', info: 'quiet' }

export default function AlertsPage() {
  const t = useTexts()
  const zone = useZone()
  const now = useNow()
  const [params, change] = useUrlState()
  const columns = useColumns(zone)
  const all = params.get('show') === 'all'
  const choice = (
    <SegmentedControl
      aria-label={t('title')}
      value={all ? 'all' : 'open'}
      onChange={(value) => change({ show: value === 'all' ? value : null, after: null, page: null })}
      data={[
        { value: 'open', label: t('open') },
        { value: 'all', label: t('all') },
      ]}
    />
  )
  return (
    <Page title={t('title')} lead={zoneLabel(zone, now)}>
      <Grid<Alert>
        name="alerts"
        path="/api/v2/alerts"
        label={t('list')}
        columns={columns}
        fixed={{ open: all ? undefined : true }}
        zone={zone}
        refresh={REFRESH_MS}
        rowKey={({ id }) => id}
        rowProps={({ kind }) => ({ 'data-alert': kind })}
        tools={choice}
        empty={{ title: t('empty.title'), hint: t('empty.hint') }}
      />
    </Page>
  )
}

function useColumns(zone: string): Column<Alert>[] {
  const t = useTexts()
  const gateways = useGateways().items
  const language = useLanguage()
  return [
    {
      id: 'kind',
      title: t('what'),
      head: true,
      sort: true,
      filter: { kind: 'select', options: KINDS.map((kind) => ({ value: kind, label: t(kind) })) },
      cell: (alert) => <What alert={alert} zone={zone} />,
    },
    {
      id: 'severity',
      title: t('severity'),
      sort: true,
      filter: {
        kind: 'enum',
        chips: true,
        options: SEVERITIES.map((severity) => ({ value: severity, label: t(severity) })),
      },
      cell: ({ severity }) => <Status tone={TONES[severity]}>{t(severity)}</Status>,
    },
    {
      id: 'subject',
      title: t('subject'),
      sort: true,
      filter: {
        kind: 'select',
        options: gateways.map(({ id, name, serial }) => ({ value: subjectOf(id), label: name || serial })),
      },
      cell: ({ subject }) => <Subject of={subject} />,
    },
    {
      id: 'at',
      title: t('at'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: ({ at }) => dateTime(Date.parse(at), zone, language),
    },
    {
      id: 'acknowledgedAt',
      title: t('acknowledge'),
      sort: true,
      nowrap: true,
      cell: (alert) => <Acknowledge alert={alert} zone={zone} />,
    },
  ]
}

function What({ alert, zone }: { alert: Alert; zone: string }) {
  const { what, detail } = useDescription(zone)(alert)
  return (
    <>
      <strong>{what}</strong>
      {detail && <span className={ui.sub}>{detail}</span>}
    </>
  )
}

function Acknowledge({ alert, zone }: { alert: Alert; zone: string }) {
  const t = useTexts()
  const queries = useQueryClient()
  const acknowledgement = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/alerts/{id}/acknowledge', { params: { path: { id: alert.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  })
  if (alert.acknowledgedAt) {
    return (
      <span className={ui.quiet}>
        {t('acknowledged')} <Ago at={alert.acknowledgedAt} zone={zone} />
      </span>
    )
  }
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={acknowledgement.isPending}
        onClick={() => acknowledgement.mutate()}
      >
        {t('acknowledge')}
      </Button>
      {acknowledgement.isError && <ErrorNote error={acknowledgement.error} />}
    </>
  )
}

/** Subject is what the alert is about, with the way to it: a gateway by its name, or a part of the server. */
function Subject({ of }: { of: string }) {
  const t = useTexts()
  const gateways = useGateways().items
  const gateway = gateways.find(({ id }) => id === gatewayOf(of))
  if (of.startsWith('retention:'))
    return <Link href="/storage?tab=runs&failed=true">{t('subject.retention')}</Link>
  if (of === 'storage') return <Link href="/storage">{t('subject.storage')}</Link>
  if (of.startsWith('policy:'))
    return <Link href={`/policies/${of.slice('policy:'.length)}?tab=versions`}>{t('subject.policy')}</Link>
  if (of === 'database:timescaledb') return <span>TimescaleDB</span>
  if (!gateway) return <span>{of}</span>
  return <Link href={`/gateways?open=${gateway.id}`}>{gateway.name || gateway.serial}</Link>
}
