import type { ReactNode } from 'react'
import { useGroups } from '../../api/groups'
import { useZone } from '../../api/queries'
import type { Employee } from '../../api/types'
import { Grid, type Column } from '../../ui/Grid'
import { Ago, Status } from '../../ui/parts'
import { PersonAvatar } from '../../ui/PersonAvatar'
import css from './people.module.css'
import { useTexts } from './texts'

interface Props {
  organizationId?: number
  departmentId?: number
  mayEdit: boolean
  /** What there is to do about it when nobody is there. */
  add: ReactNode
}

/** Employees is everybody of the chosen department and of those under it. */
export function Employees({ organizationId, departmentId, mayEdit, add }: Props) {
  const t = useTexts()
  const zone = useZone(organizationId)
  return (
    <section aria-label={t('list')}>
      <Grid<Employee>
        name="employees"
        path="/api/v2/employees"
        label={t('list')}
        columns={useColumns(zone, organizationId)}
        rowKey={({ id }) => id}
        fixed={{ departmentId, organizationId }}
        href={({ id }) => `/people/${id}`}
        zone={zone}
        empty={{
          title: t('empty.title'),
          hint: t(mayEdit ? 'empty.hint' : 'empty.other'),
          action: add,
        }}
        rowProps={({ id }) => ({ 'data-employee': id })}
      />
    </section>
  )
}

function useColumns(zone: string, organizationId?: number): Column<Employee>[] {
  const t = useTexts()
  const { groups } = useGroups(organizationId)
  return [
    {
      id: 'name',
      title: t('name'),
      cell: (person) => (
        <span className={css.person}>
          <PersonAvatar person={person} size={28} />
          {person.name}
        </span>
      ),
      sort: true,
      filter: { kind: 'text' },
      head: true,
    },
    {
      id: 'departmentName',
      title: t('department'),
      cell: ({ departmentName }) => departmentName,
      sort: true,
      filter: { kind: 'text' },
    },
    {
      id: 'position',
      title: t('position'),
      cell: ({ position }) => position || '—',
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'personalId',
      title: t('personalId'),
      cell: ({ personalId }) => personalId || '—',
      nowrap: true,
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'group',
      title: t('groups'),
      cell: ({ groups: of = [] }) => of.map(({ name }) => name).join(', ') || '—',
      filter: { kind: 'select', options: groups.map(({ id, name }) => ({ value: String(id), label: name })) },
      hidden: true,
    },
    {
      id: 'phone',
      title: t('phone'),
      cell: ({ phone }) => phone || '—',
      nowrap: true,
      filter: { kind: 'text' },
    },
    {
      id: 'email',
      title: t('email'),
      cell: ({ email }) => email || '—',
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'isActive',
      title: t('works'),
      cell: ({ isActive }) => (
        <Status tone={isActive === false ? 'quiet' : 'good'}>
          {t(isActive === false ? 'works.no' : 'works.yes')}
        </Status>
      ),
      sort: true,
      filter: { kind: 'bool', yes: t('works.yes'), no: t('works.no') },
    },
    {
      id: 'address',
      title: t('address'),
      cell: ({ address }) => address || '—',
      filter: { kind: 'text' },
      hidden: true,
    },
    {
      id: 'createdAt',
      title: t('added'),
      cell: ({ createdAt }) => <Ago at={createdAt} zone={zone} />,
      sort: true,
      filter: { kind: 'dates' },
      hidden: true,
    },
  ]
}
