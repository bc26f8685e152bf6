import { Link } from 'wouter'
import { useDepartmentTree } from '../../api/departments'
import { useOrganizations, useUser, useZone } from '../../api/queries'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { Grid, type Column } from '../../ui/Grid'
import { REASONS, toneOf, useReasonName, useStateName, useWhy } from '../../ui/machine/words'
import { Ago, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './computers.module.css'
import { useTexts } from './texts'
import { nameOf, type Computer } from './types'

const REFRESH_MS = 30_000

/** Computers is the list of all computers: which report, and why the others do not. */
export function Computers({ hint }: { hint: string }) {
  const t = useTexts()
  const zone = useZone()
  const department = useDepartment()
  return (
    <section aria-label={t('list')}>
      <Grid<Computer>
        name="computers"
        path="/api/v2/computers"
        label={t('list')}
        columns={useColumns(zone)}
        rowKey={({ id }) => id}
        href={({ id }) => `/computers/${id}`}
        fixed={{ departmentId: department.id }}
        tools={department.choice}
        zone={zone}
        refresh={REFRESH_MS}
        empty={{ title: t('empty.title'), hint }}
        rowProps={({ computerUid }) => ({ 'data-computer': computerUid })}
      />
    </section>
  )
}

/** useDepartment chooses whose computers are shown, where it is known of which organization. */
function useDepartment() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const own = useUser().organizationId
  const organizations = useOrganizations()
  const only = organizations.length === 1 ? organizations[0]?.id : undefined
  const organizationId = own ?? idOf(params.get('organizationId')) ?? only
  const { branches } = useDepartmentTree(organizationId)
  const asked = idOf(params.get('departmentId'))
  if (organizationId === undefined || branches.length === 0) return { id: undefined, choice: undefined }
  const id = branches.some((branch) => branch.id === asked) ? asked : undefined
  const choice = (
    <DepartmentSelect
      label={t('department')}
      everyone={t('department.all')}
      organizationId={organizationId}
      value={id}
      onChange={(departmentId) => change({ departmentId, after: null, page: null })}
    />
  )
  return { id, choice }
}

function useColumns(zone: string): Column<Computer>[] {
  const t = useTexts()
  const organizations = useOrganizations()
  const several = useUser().organizationId === undefined && organizations.length > 1
  const organization: Column<Computer> = {
    id: 'organizationId',
    title: t('organization'),
    sort: true,
    filter: {
      kind: 'select',
      options: organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName })),
    },
    cell: ({ organizationId }) => organizations.find(({ id }) => id === organizationId)?.shortName ?? '—',
  }
  const stateName = useStateName()
  const reasonName = useReasonName()
  return [
    {
      id: 'name',
      title: t('name'),
      cell: nameOf,
      sort: true,
      filter: { kind: 'text' },
      head: true,
    },
    {
      id: 'state',
      title: t('state'),
      cell: (computer) => <State computer={computer} zone={zone} />,
      sort: true,
      filter: {
        kind: 'enum',
        chips: true,
        options: (['online', 'offline', 'unknown'] as const).map((value) => ({
          value,
          label: stateName(value),
        })),
      },
    },
    {
      id: 'users',
      title: t('usersOf'),
      cell: ({ users }) => <People users={users} />,
      filter: { kind: 'text' },
    },
    ...(several ? [organization] : []),
    {
      id: 'stateReason',
      title: t('why'),
      cell: ({ stateReason }) => reasonName(stateReason),
      sort: true,
      filter: { kind: 'enum', options: REASONS.map((value) => ({ value, label: reasonName(value) })) },
      hidden: true,
    },
    {
      id: 'os',
      title: t('os'),
      cell: ({ os }) => os || '—',
      sort: true,
      filter: { kind: 'text' },
      nowrap: true,
    },
    {
      id: 'agentVersion',
      title: t('agent'),
      cell: ({ agentVersion }) => agentVersion || '—',
      sort: true,
      filter: { kind: 'text' },
      nowrap: true,
    },
    {
      id: 'lastSeenAt',
      title: t('seen'),
      cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} zone={zone} />,
      sort: true,
      filter: { kind: 'dates' },
      nowrap: true,
    },
    {
      id: 'gatewayName',
      title: t('gateway'),
      cell: ({ gatewayName }) => gatewayName || '—',
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'ipAddress',
      title: t('ip'),
      cell: ({ ipAddress }) => ipAddress || '—',
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'macAddress',
      title: t('mac'),
      cell: ({ macAddress }) => macAddress || '—',
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'computerUid',
      title: t('uid'),
      cell: ({ computerUid }) => computerUid,
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
    },
  ]
}

/** State is a computer's state, and under it why, and since when. */
export function State({ computer, zone }: { computer: Computer; zone: string }) {
  const name = useStateName()
  const why = useWhy(zone)
  const machine = {
    state: computer.state,
    reason: computer.stateReason,
    detail: computer.stateDetail,
    since: computer.stateSince,
  }
  return (
    <div>
      <Status tone={toneOf(machine)}>{name(computer.state)}</Status>
      <span className={ui.sub}>{why(machine)}</span>
    </div>
  )
}

/** People are the computer's users: as people where they are linked. */
export function People({ users }: { users: Computer['users'] }) {
  const t = useTexts()
  if (users.length === 0) return <>—</>
  return (
    <ul className={css.users}>
      {users.map(({ id, name, employeeId, employeeName }) => (
        <li key={id}>
          {employeeId ? (
            <Link href={`/people/${employeeId}`} className={css.plainLink}>
              {employeeName}
            </Link>
          ) : (
            <Link href={`/computers?tab=users&q=${encodeURIComponent(name)}`} className={css.unlinked}>
              {t('user.unlinked', { name })}
            </Link>
          )}
        </li>
      ))}
    </ul>
  )
}
