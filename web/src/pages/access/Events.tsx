import { useOrganizations, useZone } from '../../api/queries'
import type { SecurityEvent } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { Grid, type Column } from '../../ui/Grid'
import { useTexts } from './texts'

const KINDS = [
  'INVALID_API_KEY',
  'RATE_LIMIT_EXCEEDED',
  'SUSPICIOUS_ACTIVITY',
  'UNAUTHORIZED_ACCESS',
  'IP_BLOCKED',
] as const

/** Events are what was refused of keys, and addresses that were blocked. */
export function Events() {
  const t = useTexts()
  const zone = useZone()
  return (
    <Grid<SecurityEvent>
      name="security-events"
      path="/api/v2/security/events"
      label={t('tab.events')}
      columns={useColumns(zone)}
      zone={zone}
      rowKey={({ id }) => id}
      empty={{ title: t('events.none'), hint: t('events.hint') }}
      rowProps={({ eventType }) => ({ 'data-event': eventType })}
    />
  )
}

function useColumns(zone: string): Column<SecurityEvent>[] {
  const t = useTexts()
  const language = useLanguage()
  const organizations = useOrganizations()
  return [
    {
      id: 'lastAt',
      title: t('when'),
      head: true,
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: (e) => dateTime(Date.parse(e.lastAt), zone, language),
    },
    {
      id: 'eventType',
      title: t('what'),
      sort: true,
      filter: { kind: 'enum', chips: true, options: KINDS.map((value) => ({ value, label: t(value) })) },
      cell: (e) => {
        const kind = KINDS.find((one) => one === e.eventType)
        return kind ? t(kind) : e.eventType
      },
    },
    { id: 'ipAddress', title: t('from'), sort: true, filter: { kind: 'text' }, cell: (e) => e.ipAddress },
    {
      id: 'times',
      title: t('times'),
      sort: true,
      number: true,
      cell: (e) => number(e.times, language),
    },
    {
      id: 'requestPath',
      title: t('asked'),
      sort: true,
      filter: { kind: 'text' },
      cell: (e) => [e.requestMethod, e.requestPath].filter(Boolean).join(' ') || '—',
    },
    {
      id: 'organizationId',
      title: t('organization'),
      cell: (e) => organizations.find(({ id }) => id === e.organizationId)?.shortName ?? t('nobodys'),
    },
    {
      id: 'userAgent',
      title: t('program'),
      sort: true,
      hidden: true,
      filter: { kind: 'text' },
      cell: (e) => e.userAgent || '—',
    },
  ]
}
