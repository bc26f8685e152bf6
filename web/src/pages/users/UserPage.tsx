import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'wouter'
import { answer, api } from '../../api/client'
import { useDepartmentTree } from '../../api/departments'
import { useUser, useZone } from '../../api/queries'
import type { Account } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty, Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Activity } from './Activity'
import { State, useOrganizationName } from './columns'
import { Guard } from './Guard'
import { History } from './History'
import { Identity } from './Identity'
import { ResetPassword } from './ResetPassword'
import { SignIns } from './SignIns'
import { useTexts } from './texts'
import { UserForm } from './UserForm'
import css from './users.module.css'

/** UserPage is one user: what is allowed, from where it is signed in, and what happened. */
export default function UserPage() {
  const t = useTexts()
  const id = idOf(useParams<{ id: string }>().id)
  const query = useQuery({
    queryKey: ['users', 'one', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/users/{id}', { params: { path: { id: id ?? 0 } }, signal })),
    staleTime: 0,
  })
  if (id === undefined) {
    return (
      <Page title={t('title')}>
        <Empty title={t('unknown.title')} hint={t('unknown.hint')} />
      </Page>
    )
  }
  if (query.isError) {
    return (
      <Page title={t('title')}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </Page>
    )
  }
  if (query.isPending) return <Rows count={8} />
  return <One key={query.data.id} user={query.data} />
}

function One({ user }: { user: Account }) {
  const t = useTexts()
  const [editing, setEditing] = useState(false)
  return (
    <Page
      title={user.name}
      lead={
        <Link href="/users" className={css.quietLink}>
          {t('title')}
        </Link>
      }
      actions={
        <>
          <Button onClick={() => setEditing(true)}>{t('change')}</Button>
          <Activity user={user} />
        </>
      }
    >
      <div className={css.cards}>
        <Facts user={user} />
        <Card title={t('access')}>
          <p className={ui.quiet}>{t('access.hint')}</p>
          <ResetPassword user={user} />
          <Guard user={user} />
          <Identity user={user} />
        </Card>
      </div>
      <SignIns user={user} />
      <History user={user} />
      {editing && <UserForm user={user} onClose={() => setEditing(false)} />}
    </Page>
  )
}

function Facts({ user }: { user: Account }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(user.organizationId)
  const self = useUser().id === user.id
  const organizationOf = useOrganizationName()
  const rows: [string, React.ReactNode][] = [
    [t('username'), user.username],
    [t('isActive'), <State key="state" user={user} zone={zone} />],
    [t('role'), t(user.role)],
    [t('organization'), organizationOf(user.organizationId)],
    ...(user.role === 'DEPARTMENT_LEAD'
      ? [[t('departments'), <Departments key="led" user={user} />] as [string, React.ReactNode]]
      : []),
    [t('createdAt'), dateTime(Date.parse(user.createdAt), zone, language)],
  ]
  return (
    <Card title={t('account')}>
      <dl className={ui.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className={`${ui.quiet} ${css.note}`}>{t(self ? 'self' : `${user.role}.hint`)}</p>
    </Card>
  )
}

/** Departments are those that a department lead leads, by name. */
function Departments({ user }: { user: Account }) {
  const t = useTexts()
  const { branches } = useDepartmentTree(user.organizationId)
  const led = user.departmentIds ?? []
  if (led.length === 0) return <span className={ui.warn}>{t('departments.none')}</span>
  return <>{led.map((id) => branches.find((one) => one.id === id)?.name ?? `№ ${id}`).join(', ')}</>
}
