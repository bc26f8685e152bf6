import type { ReactNode } from 'react'
import { useZone } from '../../api/queries'
import type { Employee } from '../../api/types'
import { Grid, type Column } from '../../ui/Grid'
import { Ago, Status } from '../../ui/parts'
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
        columns={useColumns(zone)}
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

function useColumns(zone: string): Column<Employee>[] {
  const t = useTexts()
  return [
    {
      id: 'name',
      title: t('name'),
      cell: ({ name }) => name,
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
