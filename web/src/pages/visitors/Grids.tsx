import type { ReactNode } from 'react'
import { dateTime } from '../../lib/format'
import { useLanguage } from '../../i18n/i18n'
import { Grid, type Column } from '../../ui/Grid'
import { Status } from '../../ui/parts'
import { useTexts } from './texts'
import type { Visit, Visitor } from './types'

interface Props {
  zone: string
  organizationId?: number
}

/** All is everybody who was ever registered. */
export function All({ zone, organizationId, action }: Props & { action?: ReactNode }) {
  const t = useTexts()
  const columns: Column<Visitor>[] = [
    {
      id: 'name',
      title: t('name'),
      cell: ({ name }) => name,
      sort: true,
      filter: { kind: 'text' },
      head: true,
    },
    {
      id: 'workPlace',
      title: t('workPlace'),
      cell: ({ workPlace }) => workPlace || '—',
      sort: true,
      filter: { kind: 'text' },
    },
    {
      id: 'hostName',
      title: t('host'),
      cell: ({ hostName }) => hostName || '—',
      sort: true,
      filter: { kind: 'text' },
    },
    {
      id: 'phone',
      title: t('phone'),
      cell: ({ phone }) => phone || '—',
      nowrap: true,
      filter: { kind: 'text' },
    },
    {
      id: 'inside',
      title: t('status.inside'),
      cell: ({ inside }) =>
        inside ? <Status tone="good">{t('status.inside')}</Status> : <span>{t('no')}</span>,
      filter: { kind: 'bool', yes: t('yes'), no: t('no') },
    },
    {
      id: 'isActive',
      title: t('active'),
      cell: ({ isActive }) => (
        <Status tone={isActive ? 'good' : 'quiet'}>{t(isActive ? 'yes' : 'active.no')}</Status>
      ),
      filter: { kind: 'bool', yes: t('yes'), no: t('no') },
      hidden: true,
    },
  ]
  return (
    <Grid<Visitor>
      name="visitors"
      path="/api/v2/visitors"
      label={t('all')}
      columns={columns}
      rowKey={({ id }) => id}
      fixed={{ organizationId }}
      href={({ id }) => `/visitors/${id}`}
      zone={zone}
      empty={{ title: t('empty.title'), hint: t('empty.hint'), action }}
    />
  )
}

/** History is the visits, of everybody or of one. */
export function History({ zone, organizationId, visitorId }: Props & { visitorId?: number }) {
  const t = useTexts()
  const language = useLanguage()
  const at = (iso?: string) => (iso ? dateTime(Date.parse(iso), zone, language) : '—')
  const columns: Column<Visit>[] = [
    {
      id: 'visitorName',
      title: t('name'),
      cell: ({ visitorName }) => visitorName,
      sort: true,
      filter: { kind: 'text' },
      head: true,
    },
    {
      id: 'hostName',
      title: t('host'),
      cell: ({ hostName }) => hostName || '—',
      sort: true,
      filter: { kind: 'text' },
    },
    {
      id: 'checkedInAt',
      title: t('in.at'),
      cell: ({ checkedInAt }) => at(checkedInAt),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
    },
    {
      id: 'checkedOutAt',
      title: t('out.at'),
      cell: ({ checkedOutAt, overstay }) =>
        checkedOutAt ? (
          at(checkedOutAt)
        ) : (
          <Status tone={overstay ? 'bad' : 'good'}>{t(overstay ? 'overstay' : 'status.inside')}</Status>
        ),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
    },
    {
      id: 'badge',
      title: t('badge'),
      cell: ({ badge }) => badge || '—',
      sort: true,
      filter: { kind: 'text' },
    },
    {
      id: 'checkedInByName',
      title: t('in.by'),
      cell: ({ checkedInBy, checkedInByName }) => checkedInByName || (checkedInBy ? '—' : t('door')),
    },
    { id: 'note', title: t('note'), cell: ({ note }) => note || '—', filter: { kind: 'text' }, hidden: true },
    {
      id: 'overstay',
      title: t('overstay'),
      cell: ({ overstay }) => t(overstay ? 'yes' : 'no'),
      filter: { kind: 'bool', yes: t('yes'), no: t('no') },
      hidden: true,
    },
  ]
  return (
    <Grid<Visit>
      name="visits"
      path="/api/v2/visitors/visits"
      label={t('history')}
      columns={columns}
      rowKey={({ id }) => id}
      fixed={{ organizationId, visitorId }}
      href={visitorId === undefined ? ({ visitorId: id }) => `/visitors/${id}` : undefined}
      zone={zone}
      empty={{ title: t('visits.none'), hint: t('visits.hint') }}
    />
  )
}
