import type { ReactNode } from 'react'
import { useZone } from '../../api/queries'
import type { PolicyItem } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { Grid, type Column } from '../../ui/Grid'
import { Ago, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import { useTexts } from './texts'
import { useEvery } from './words'

/** Policies is the list of an organization's policies. */
export function Policies({ organizationId, make }: { organizationId?: number; make: ReactNode }) {
  const t = useTexts()
  const zone = useZone(organizationId)
  return (
    <Grid<PolicyItem>
      name="policies"
      path="/api/v2/policies"
      label={t('list')}
      columns={useColumns(zone)}
      fixed={{ organizationId }}
      zone={zone}
      rowKey={({ id }) => id}
      href={({ id }) => `/policies/${id}`}
      rowProps={({ id }) => ({ 'data-policy': id })}
      empty={{ title: t('empty.title'), hint: t('empty.hint'), action: make }}
    />
  )
}

function useColumns(zone: string): Column<PolicyItem>[] {
  const t = useTexts()
  const language = useLanguage()
  const every = useEvery()
  const yes = { kind: 'bool', yes: t('on'), no: t('off') } as const
  return [
    {
      id: 'title',
      title: t('name'),
      head: true,
      sort: true,
      filter: { kind: 'text' },
      cell: ({ title }) => title,
    },
    {
      id: 'isDefault',
      title: t('default'),
      sort: true,
      filter: { kind: 'bool', yes: t('default'), no: t('default.no') },
      cell: ({ isDefault }) => (isDefault ? <span className={css.mark}>{t('default')}</span> : '—'),
    },
    {
      id: 'isActive',
      title: t('state'),
      sort: true,
      filter: { kind: 'bool', yes: t('active'), no: t('inactive') },
      cell: ({ isActive }) => (
        <Status tone={isActive ? 'good' : 'quiet'}>{t(isActive ? 'active' : 'inactive')}</Status>
      ),
    },
    {
      id: 'releasedVersion',
      title: t('released'),
      sort: true,
      nowrap: true,
      filter: { kind: 'number' },
      cell: ({ releasedVersion, version }) => (
        <span>
          {releasedVersion > 0 ? t('version.n', { n: releasedVersion }) : '—'}
          {version > releasedVersion && <span className={ui.sub}>{t('version.going', { n: version })}</span>}
        </span>
      ),
    },
    {
      id: 'employees',
      title: t('employees'),
      sort: true,
      number: true,
      filter: { kind: 'number' },
      cell: ({ employees }) => number(employees, language),
    },
    {
      id: 'departments',
      title: t('departments'),
      sort: true,
      number: true,
      filter: { kind: 'number' },
      cell: ({ departments }) => number(departments, language),
    },
    {
      id: 'screenshots',
      title: t('screenshots'),
      sort: true,
      filter: yes,
      cell: ({ screenshots, screenshotSeconds }) => (screenshots ? every(screenshotSeconds) : t('off')),
    },
    {
      id: 'activeWindows',
      title: t('activeWindows'),
      sort: true,
      hidden: true,
      filter: yes,
      cell: ({ activeWindows }) => t(activeWindows ? 'on' : 'off'),
    },
    {
      id: 'visitedSites',
      title: t('visitedSites'),
      sort: true,
      hidden: true,
      filter: yes,
      cell: ({ visitedSites }) => t(visitedSites ? 'on' : 'off'),
    },
    {
      id: 'updatedAt',
      title: t('updated'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: ({ updatedAt }) => <Ago at={updatedAt} zone={zone} />,
    },
  ]
}
