import { useOrganizations } from '../../api/queries'
import type { Account } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import type { Column } from '../../ui/Grid'
import { Ago, Status, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

export const ROLES = ['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const

/** useColumns are what the list says of users. */
export function useColumns(zone: string): Column<Account>[] {
  const t = useTexts()
  const language = useLanguage()
  const organizations = useOrganizations()
  const organizationOf = useOrganizationName()
  return [
    { id: 'name', title: t('name'), head: true, sort: true, filter: { kind: 'text' }, cell: (u) => u.name },
    { id: 'username', title: t('username'), sort: true, filter: { kind: 'text' }, cell: (u) => u.username },
    {
      id: 'role',
      title: t('role'),
      sort: true,
      filter: { kind: 'enum', chips: true, options: ROLES.map((role) => ({ value: role, label: t(role) })) },
      nowrap: true,
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
      cell: (u) => organizationOf(u.organizationId),
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
      id: 'lastSignInAt',
      title: t('lastSignIn'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: (u) => <Ago at={u.lastSignInAt} zone={zone} />,
    },
    {
      id: 'sessions',
      title: t('sessions'),
      sort: true,
      number: true,
      hidden: true,
      filter: { kind: 'number' },
      cell: (u) => number(u.sessions ?? 0, language),
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

/** useOrganizationName returns what an organization is called; who has none sees all. */
export function useOrganizationName(): (id?: number) => string {
  const t = useTexts()
  const organizations = useOrganizations()
  return (id) =>
    id === undefined
      ? t('organization.all')
      : (organizations.find((one) => one.id === id)?.shortName ?? `№ ${id}`)
}

/** State says whether a user may sign in, and what stands in the way. */
export function State({ user, zone }: { user: Account; zone: string }) {
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
      {user.isActive && user.mustChangePassword && <span className={ui.sub}>{t('mustChange')}</span>}
    </span>
  )
}
