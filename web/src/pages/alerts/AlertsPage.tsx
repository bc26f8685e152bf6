import { answer, api } from '../../api/client'
import { usePages, useZone } from '../../api/queries'
import type { Alert } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, zoneLabel } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty, Page } from '../../ui/Page'
import { More, Rows, Status, useNow, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const TONES: Record<Alert['severity'], Tone> = { info: 'quiet', warning: 'warn', critical: 'bad' }

export default function AlertsPage() {
  const t = useTexts()
  const zone = useZone()
  const now = useNow()
  const list = usePages(
    ['alerts'],
    (after, signal) => answer(api.GET('/api/v2/alerts', { params: { query: { limit: 50, after } }, signal })),
    30_000,
  )
  return (
    <Page title={t('title')} lead={zoneLabel(zone, now)}>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {!(list.isError && list.items.length === 0) && (
        <Card title={t('list')} flush>
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
  const language = useLanguage()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('at')}</th>
          <th>{t('severity')}</th>
          <th>{t('what')}</th>
          <th>{t('subject')}</th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <tr key={alert.id}>
            <td data-label={t('at')} className={ui.nowrap}>
              {dateTime(Date.parse(alert.at), zone, language)}
            </td>
            <td data-label={t('severity')}>
              <Status tone={TONES[alert.severity]}>{t(alert.severity)}</Status>
            </td>
            <td data-label={t('what')}>
              <span>{alert.message || alert.kind}</span>
            </td>
            <td data-label={t('subject')}>{alert.subject}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
