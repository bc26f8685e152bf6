import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { answer, api } from '../../api/client'
import { useUser, useZone } from '../../api/queries'
import type { Employee } from '../../api/types'
import { addDays, isoDate } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Page } from '../../ui/Page'
import { Rows, Status, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { WeekView } from '../day/WeekView'
import { EmployeeForm } from './EmployeeForm'
import { History } from './History'
import css from './people.module.css'
import { PersonAbsences } from './PersonAbsences'
import { PersonCredentials } from './PersonCredentials'
import { PersonGroups } from './PersonGroups'
import { PersonNow } from './PersonNow'
import { PersonPhoto } from './PersonPhoto'
import { PersonPolicy } from './PersonPolicy'
import { useTexts } from './texts'

/** PersonPage is the card of one person: who she is, where she is now, and her week. */
export default function PersonPage() {
  const t = useTexts()
  const id = idOf(useParams<{ id: string }>().id)
  const query = useQuery({
    queryKey: ['employee', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/employees/{id}', { params: { path: { id: id ?? 0 } }, signal })),
  })
  if (query.isError) {
    return (
      <Page title={t('title')}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </Page>
    )
  }
  if (query.isPending) return <Rows count={8} />
  return <Person key={query.data.id} employee={query.data} />
}

function Person({ employee }: { employee: Employee }) {
  const t = useTexts()
  const { role } = useUser()
  const mayEdit = ['ADMIN', 'HR'].includes(role)
  const [editing, setEditing] = useState(false)
  const day = `/day?employee=${employee.id}`
  const zone = useZone(employee.organizationId)
  return (
    <Page
      title={employee.name}
      lead={
        <Link href={`/people?departmentId=${employee.departmentId}`} className={css.quietLink}>
          {employee.departmentName}
        </Link>
      }
      actions={
        <>
          <Button component={Link} href={day}>
            {t('showDay')}
          </Button>
          <Button component={Link} href={`${day}&span=week`} variant="default">
            {t('showWeek')}
          </Button>
          {mayEdit && (
            <Button variant="default" onClick={() => setEditing(true)}>
              {t('edit')}
            </Button>
          )}
        </>
      }
    >
      <div className={css.card}>
        <PersonPhoto employee={employee} />
        <PersonNow employee={employee} />
        <Details employee={employee} />
        <WindowsUsers employee={employee} />
        {role !== 'GUARD' && <PersonAbsences employee={employee} />}
        <PersonCredentials employee={employee} />
        <PersonGroups employee={employee} />
        {mayEdit && <PersonPolicy employee={employee} />}
      </div>
      <LastDays employee={employee} />
      {mayEdit && (
        <Card title={t('history')} flush>
          <History of="employees" id={employee.id} organizationId={employee.organizationId} zone={zone} />
        </Card>
      )}
      {editing && (
        <EmployeeForm
          employee={employee}
          onDone={() => setEditing(false)}
          onClose={() => setEditing(false)}
        />
      )}
    </Page>
  )
}

function Details({ employee }: { employee: Employee }) {
  const t = useTexts()
  const rows = [
    [t('position'), employee.position],
    [t('personalId'), employee.personalId],
    [t('phone'), employee.phone],
    [t('email'), employee.email],
    [t('address'), employee.address],
    [t('notes'), employee.additionalDetails],
  ].filter(([, value]) => value)
  return (
    <Card title={t('contacts')}>
      <dl className={ui.facts}>
        <div>
          <dt>{t('works')}</dt>
          <dd>
            <Status tone={employee.isActive === false ? 'quiet' : 'good'}>
              {t(employee.isActive === false ? 'works.no' : 'works.yes')}
            </Status>
          </dd>
        </div>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

/** WindowsUsers are as whom the person signs in, and where. */
function WindowsUsers({ employee }: { employee: Employee }) {
  const t = useTexts()
  const mayLink = ['ADMIN', 'HR'].includes(useUser().role)
  const query = useQuery({
    queryKey: ['computer-users', 'of', employee.id],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/computers/users', {
          params: { query: { employeeId: String(employee.id) } },
          signal,
        }),
      ),
  })
  const users = query.data?.items ?? []
  return (
    <Card title={t('users')}>
      {query.isPending && <Rows count={1} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      <ul className={css.users}>
        {users.map(({ id, name, username, domain, computers }) => (
          <li key={id}>
            <strong>{domain ? `${domain}\\${username}` : username || name}</strong>
            {computers.length > 0 && (
              <span className={ui.sub}>
                {t('users.on', { computers: computers.map((one) => one.name).join(', ') })}
              </span>
            )}
          </li>
        ))}
      </ul>
      {query.isSuccess && users.length === 0 && <p className={ui.quiet}>{t('users.none')}</p>}
      {query.isSuccess && users.length === 0 && mayLink && (
        <Button component={Link} href="/computers?tab=users" variant="default" size="xs" mt="xs">
          {t('users.link')}
        </Button>
      )}
    </Card>
  )
}

function LastDays({ employee }: { employee: Employee }) {
  const t = useTexts()
  const [, navigate] = useLocation()
  const now = useNow()
  const today = isoDate(now, useZone(employee.organizationId))
  const from = addDays(today, -6)
  const of = { employee: employee.id }
  const query = useQuery({
    queryKey: ['week', of, from],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/monitoring/week', { params: { query: { ...of, from } }, signal })),
  })
  if (query.isError) return <ErrorNote error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Rows count={7} />
  return (
    <WeekView
      title={t('week')}
      week={query.data}
      today={today}
      onDay={(date) => navigate(`/day?employee=${employee.id}&date=${date}`)}
    />
  )
}
