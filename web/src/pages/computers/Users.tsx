import { Button, SegmentedControl } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { answer, api } from '../../api/client'
import { usePages, useUser } from '../../api/queries'
import type { ComputerUser, Employee } from '../../api/types'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { NewEmployee } from '../../ui/NewEmployee'
import { Card, Empty } from '../../ui/Page'
import { More, Rows, Status } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** Users are the Windows users; those without an employee come first, since their days belong to nobody. */
export function Users() {
  const t = useTexts()
  const [params, setParams] = useSearchParams()
  const linked = params.get('linked') === 'true'
  const list = usePages(['computer-users', linked], (after, signal) =>
    answer(api.GET('/api/v2/computers/users', { params: { query: { linked, limit: 50, after } }, signal })),
  )
  const choose = (value: string) => {
    const next = new URLSearchParams(params)
    next.set('linked', value)
    setParams(next, { replace: true })
  }
  const choice = (
    <SegmentedControl
      aria-label={t('users')}
      value={String(linked)}
      onChange={choose}
      data={[
        { value: 'false', label: t('unlinked') },
        { value: 'true', label: t('linked') },
      ]}
    />
  )
  return (
    <Card title={t('users')} actions={choice} flush>
      {list.isPending && <Rows count={3} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty
          title={t(linked ? 'linked.empty' : 'unlinked.empty')}
          hint={t(linked ? 'linked.hint' : 'unlinked.hint')}
        />
      )}
      {list.items.length > 0 && <UserTable users={list.items} />}
      <More list={list} />
    </Card>
  )
}

function UserTable({ users }: { users: ComputerUser[] }) {
  const t = useTexts()
  const common = useCommon()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('user')}</th>
          <th>{t('on')}</th>
          <th>{common('employee')}</th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <Row key={user.id} user={user} />
        ))}
      </tbody>
    </table>
  )
}

type Linked = Pick<Employee, 'id' | 'name'> | null

/** Row links and unlinks in place; it stays until the list is read again, so that either can be undone. */
function Row({ user }: { user: ComputerUser }) {
  const t = useTexts()
  const common = useCommon()
  const before: Linked = user.employeeId ? { id: user.employeeId, name: user.employeeName ?? '' } : null
  const [now, setNow] = useState<Linked>(before)
  const mayLink = ['ADMIN', 'HR'].includes(useUser().role)
  const [making, setMaking] = useState(false)
  const queries = useQueryClient()
  const link = useMutation({
    mutationFn: (to: Linked) => {
      const params = { path: { id: user.id } }
      return to
        ? answer(api.POST('/api/v2/computers/users/{id}/link', { params, body: { employeeId: to.id } }))
        : answer(api.POST('/api/v2/computers/users/{id}/unlink', { params }))
    },
    onSuccess: (_, to) => {
      setNow(to)
      void queries.invalidateQueries({ queryKey: ['day'] })
    },
  })
  const name = user.name || user.username
  const changed = now?.id !== before?.id
  return (
    <tr data-user={user.id}>
      <td className={ui.whole}>
        <strong>{name}</strong>
        <span className={ui.sub}>
          {user.domain}\{user.username}
        </span>
      </td>
      <td data-label={t('on')}>{user.computers.join(', ') || '—'}</td>
      <td className={ui.whole}>
        {now && (
          <span className={ui.named}>
            {changed ? <Status tone="good">{t('done', { name: now.name })}</Status> : now.name}
          </span>
        )}
        {!now && mayLink && (
          <div className={ui.actions}>
            <EmployeeSelect
              label={t('linkOf', { name })}
              hideLabel
              value={null}
              disabled={link.isPending}
              onChoose={(employee) => employee && link.mutate(employee)}
            />
            <Button variant="default" disabled={link.isPending} onClick={() => setMaking(true)}>
              {common('employee.new')}
            </Button>
          </div>
        )}
        {making && (
          <NewEmployee
            name={user.name}
            onMade={(employee) => {
              setMaking(false)
              link.mutate(employee)
            }}
            onClose={() => setMaking(false)}
          />
        )}
        {mayLink && (changed || now) && (
          <Button
            size="compact-sm"
            variant="subtle"
            loading={link.isPending}
            onClick={() => link.mutate(changed ? before : null)}
          >
            {t(changed ? 'undo' : 'unlink')}
          </Button>
        )}
        {link.isError && <ErrorNote error={link.error} />}
      </td>
    </tr>
  )
}
