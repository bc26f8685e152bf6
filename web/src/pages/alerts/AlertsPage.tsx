import { Button, SegmentedControl } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { answer, api } from '../../api/client'
import { useGateways, usePages, useZone } from '../../api/queries'
import type { Alert } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, zoneLabel } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty, Page } from '../../ui/Page'
import { Ago, More, Rows, Status, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { gatewayOf, useDescription } from './describe'
import { useTexts } from './texts'

export default function AlertsPage() {
  const t = useTexts()
  const zone = useZone()
  const now = useNow()
  const [params, setParams] = useSearchParams()
  const all = params.get('show') === 'all'
  const list = usePages(
    ['alerts', all],
    (after, signal) =>
      answer(
        api.GET('/api/v2/alerts', {
          params: { query: { limit: 50, after, open: all ? undefined : true } },
          signal,
        }),
      ),
    30_000,
  )
  const choice = (
    <SegmentedControl
      aria-label={t('title')}
      value={all ? 'all' : 'open'}
      onChange={(value) => setParams(value === 'all' ? { show: value } : {}, { replace: true })}
      data={[
        { value: 'open', label: t('open') },
        { value: 'all', label: t('all') },
      ]}
    />
  )
  return (
    <Page title={t('title')} lead={zoneLabel(zone, now)}>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {!(list.isError && list.items.length === 0) && (
        <Card title={t('list')} actions={choice} flush>
          {list.isPending && <Rows />}
          {list.isSuccess && list.items.length === 0 && (
            <Empty title={t('empty.title')} hint={t('empty.hint')} />
          )}
          {list.items.length > 0 && <AlertTable alerts={list.items} zone={zone} />}
          <More list={list} />
        </Card>
      )}
    </Page>
  )
}

function AlertTable({ alerts, zone }: { alerts: Alert[]; zone: string }) {
  const t = useTexts()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('at')}</th>
          <th>{t('severity')}</th>
          <th>{t('what')}</th>
          <th>{t('subject')}</th>
          <th>
            <span className={ui.spoken}>{t('acknowledge')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <Row key={alert.id} alert={alert} zone={zone} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ alert, zone }: { alert: Alert; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const { what, detail } = useDescription(zone)(alert)
  const queries = useQueryClient()
  const acknowledgement = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/alerts/{id}/acknowledge', { params: { path: { id: alert.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  })
  return (
    <tr data-alert={alert.kind}>
      <td data-label={t('at')} className={ui.nowrap}>
        {dateTime(Date.parse(alert.at), zone, language)}
      </td>
      <td data-label={t('severity')}>
        {alert.severity === 'critical' && <Status tone="bad">{t('critical')}</Status>}
        {alert.severity === 'warning' && <Status tone="warn">{t('warning')}</Status>}
        {alert.severity === 'info' && <Status tone="quiet">{t('info')}</Status>}
      </td>
      <td className={ui.whole}>
        <strong>{what}</strong>
        {detail && <span className={ui.sub}>{detail}</span>}
      </td>
      <td data-label={t('subject')}>
        <Subject of={alert.subject} />
      </td>
      <td className={`${ui.whole} ${ui.number}`}>
        {alert.acknowledgedAt ? (
          <span className={ui.quiet}>
            {t('acknowledged')} <Ago at={alert.acknowledgedAt} zone={zone} />
          </span>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            loading={acknowledgement.isPending}
            onClick={() => acknowledgement.mutate()}
          >
            {t('acknowledge')}
          </Button>
        )}
        {acknowledgement.isError && <ErrorNote error={acknowledgement.error} />}
      </td>
    </tr>
  )
}

/** Subject is what the alert is about: a gateway by its name, with the way to it. */
function Subject({ of }: { of: string }) {
  const gateways = useGateways().items
  const gateway = gateways.find(({ id }) => id === gatewayOf(of))
  if (!gateway) return <span>{of}</span>
  return <Link href={`/gateways?open=${gateway.id}`}>{gateway.name || gateway.serial}</Link>
}
