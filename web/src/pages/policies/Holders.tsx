import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { Policy, PolicyHolder } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { CloseIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { IconButton, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import { useTexts } from './texts'
import { useChanged } from './usePolicy'

interface Given {
  employeeIds?: number[]
  departmentIds?: number[]
}

/** Holders are to whom a policy was given: departments, with all under them, and people in person. */
export function Holders({ policy }: { policy: Policy }) {
  const t = useTexts()
  const language = useLanguage()
  const { id } = policy
  // Whose people and departments are offered; who has an organization need not say so.
  const organizationId = useUser().organizationId === undefined ? policy.organizationId : undefined
  const query = useQuery({
    queryKey: ['policies', 'holders', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/policies/{id}/assignments', { params: { path: { id } }, signal })),
  })
  const { give, take } = useGiving(id, organizationId)
  if (query.isError) return <ErrorNote error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Rows count={6} />
  const { departments, employees, employeesTotal, isDefault } = query.data
  const error = give.error ?? take.error
  return (
    <>
      {isDefault && <p>{t('default.is')}</p>}
      {!policy.isActive && <p className={ui.quiet}>{t('holders.inactive')}</p>}
      {error && <ErrorNote error={error} />}
      <div className={css.cards}>
        <Card title={t('departments')}>
          <p className={css.hint}>{t('holders.departments.hint')}</p>
          <List
            holders={departments}
            none={t('holders.departments.none')}
            onRemove={(one) => take.mutate({ departmentIds: [one] })}
            link={(one) => `/people?departmentId=${one}`}
          >
            {policy.isActive && (
              <DepartmentSelect
                key={departments.length}
                label={t('holders.add.department')}
                placeholder={t('holders.add.department')}
                organizationId={organizationId}
                onChange={(one) => one !== null && give.mutate({ departmentIds: [one] })}
              />
            )}
          </List>
        </Card>
        <Card title={t('employees')}>
          <p className={css.hint}>{t('holders.employees.hint')}</p>
          <List
            holders={employees}
            none={t('holders.employees.none')}
            onRemove={(one) => take.mutate({ employeeIds: [one] })}
            link={(one) => `/people/${one}`}
          >
            {employeesTotal > employees.length && (
              <p className={ui.quiet}>
                {t('holders.more', { n: number(employeesTotal - employees.length, language) })}
              </p>
            )}
            {policy.isActive && (
              <EmployeeSelect
                key={employeesTotal}
                value={null}
                label={t('holders.add.employee')}
                hideLabel
                placeholder={t('holders.add.employee')}
                organizationId={organizationId}
                onChoose={(employee) => employee && give.mutate({ employeeIds: [employee.id] })}
              />
            )}
          </List>
        </Card>
      </div>
    </>
  )
}

interface ListProps {
  holders: PolicyHolder[]
  none: string
  onRemove: (id: number) => void
  link: (id: number) => string
  children: ReactNode
}

function List({ holders, none, onRemove, link, children }: ListProps) {
  const t = useTexts()
  return (
    <div className={ui.form}>
      <ul className={css.rows}>
        {holders.map(({ id, name }) => (
          <li key={id} data-holder={id}>
            <Link href={link(id)}>{name}</Link>
            <IconButton label={t('holders.remove', { name })} onClick={() => onRemove(id)}>
              <CloseIcon size={16} />
            </IconButton>
          </li>
        ))}
      </ul>
      {holders.length === 0 && <p className={ui.quiet}>{none}</p>}
      <div className={css.add}>{children}</div>
    </div>
  )
}

function useGiving(id: number, organizationId: number | undefined) {
  const changed = useChanged()
  const give = useMutation({
    mutationFn: (body: Given) =>
      answer(api.POST('/api/v2/policies/{id}/assignments', { params: { path: { id } }, body })),
    onSuccess: () => changed(),
  })
  const take = useMutation({
    mutationFn: (body: Given) =>
      answer(api.POST('/api/v2/policies/unassign', { body: { ...body, organizationId } })),
    onSuccess: () => changed(),
  })
  return { give, take }
}
