import { Button } from '@mantine/core'
import { useOrganizations, useZone } from '../../api/queries'
import type { Account } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { Grid, type Column } from '../../ui/Grid'
import { PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { Status, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { UserForm } from './UserForm'

const NEW = 'new'
export const ROLES = ['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const

export default function UsersPage() {
  const t = useTexts()
  const zone = useZone()
  const [params, change] = useUrlState()
  const edited = params.get('edit')
  const columns = useColumns(zone)
  const make = (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => change({ edit: NEW })}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={t('lead')} actions={make}>
      <Administration page="users" />
      <Grid<Account>
        name="users"
        path="/api/v2/users"
        label={t('list')}
        columns={columns}
        zone={zone}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ edit: id })}
        empty={{ title: t('empty.title'), hint: t('empty.hint'), action: make }}
        rowProps={({ username }) => ({ 'data-user': username })}
      />
      {edited && (
        <UserForm
          key={edited}
          id={edited === NEW ? undefined : Number(edited)}
          onClose={() => change({ edit: null })}
        />
      )}
    </Page>
  )
}

function useColumns(zone: string): Column<Account>[] {
  const t = useTexts()
  const language = useLanguage()
  const organizations = useOrganizations()
  const nameOf = (id?: number) =>
    id === undefined ? t('organization.all') : organizations.find((one) => one.id === id)?.shortName
  return [
    { id: 'name', title: t('name'), head: true, sort: true, filter: { kind: 'text' }, cell: (u) => u.name },
    { id: 'username', title: t('username'), sort: true, filter: { kind: 'text' }, cell: (u) => u.username },
    {
      id: 'role',
      title: t('role'),
      sort: true,
      filter: { kind: 'enum', chips: true, options: ROLES.map((role) => ({ value: role, label: t(role) })) },
      cell: (u) => t(u.role),
    },
    {
      id: 'organizationId',
      title: t('organization'),
      sort: true,
      filter: {
        kind: 'select',
        options: organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName })),
      },
      cell: (u) => nameOf(u.organizationId) ?? '—',
    },
    {
      id: 'isActive',
      title: t('isActive'),
      sort: true,
      filter: { kind: 'bool', yes: t('active'), no: t('inactive') },
      cell: (u) => <State user={u} zone={zone} />,
    },
    {
      id: 'secondStep',
      title: t('secondStep'),
      sort: true,
      filter: { kind: 'bool', yes: t('secondStep.on'), no: t('secondStep.off') },
      cell: (u) => (
        <Status tone={u.secondStep ? 'good' : 'quiet'}>
          {t(u.secondStep ? 'secondStep.on' : 'secondStep.off')}
        </Status>
      ),
    },
    {
      id: 'createdAt',
      title: t('createdAt'),
      sort: true,
      nowrap: true,
      hidden: true,
      filter: { kind: 'dates' },
      cell: (u) => dateTime(Date.parse(u.createdAt), zone, language),
    },
  ]
}

function State({ user, zone }: { user: Account; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const until = user.lockedUntil ? Date.parse(user.lockedUntil) : 0
  return (
    <span>
      <Status tone={user.isActive ? 'good' : 'quiet'}>{t(user.isActive ? 'active' : 'inactive')}</Status>
      {until > now && (
        <span className={`${ui.sub} ${ui.warn}`}>{t('locked', { at: dateTime(until, zone, language) })}</span>
      )}
    </span>
  )
}
