import { Button, SegmentedControl } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { ComputerUser, Employee } from '../../api/types'
import { useUrlState } from '../../lib/urlState'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { Grid, type Column } from '../../ui/Grid'
import { LinkIcon } from '../../ui/icons'
import { NewEmployee } from '../../ui/NewEmployee'
import { Status } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './computers.module.css'
import { similar } from './similar'
import { useTexts } from './texts'

/** How many people are compared with the names of Windows users; a search finds the others. */
const COMPARED = 1000

/** Users are the Windows users; those without an employee come first, since their days belong to nobody. */
export function Users() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const linked = params.get('linked') === 'true'
  const people = usePeople(!linked)
  const choice = (
    <SegmentedControl
      aria-label={t('users')}
      value={String(linked)}
      onChange={(value) => change({ linked: value === 'true' ? value : null, after: null, page: null })}
      data={[
        { value: 'false', label: t('unlinked') },
        { value: 'true', label: t('linked') },
      ]}
    />
  )
  return (
    <section aria-label={t('users')}>
      <Grid<ComputerUser>
        key={String(linked)}
        name="computer-users"
        path="/api/v2/computers/users"
        label={t('users')}
        columns={useColumns(people)}
        rowKey={({ id }) => id}
        fixed={{ linked }}
        tools={choice}
        empty={{
          title: t(linked ? 'linked.empty' : 'unlinked.empty'),
          hint: t(linked ? 'linked.hint' : 'unlinked.hint'),
        }}
        rowProps={({ id }) => ({ 'data-user': id })}
      />
    </section>
  )
}

/** usePeople reads whom users may be, to offer the likely ones. */
function usePeople(enabled: boolean): Employee[] {
  const query = useQuery({
    queryKey: ['employees', 'compared'],
    enabled,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/employees', { params: { query: { limit: COMPARED, isActive: true } }, signal }),
      ),
    staleTime: 60_000,
  })
  return query.data?.items ?? []
}

function useColumns(people: Employee[]): Column<ComputerUser>[] {
  const t = useTexts()
  const common = useCommon()
  return [
    {
      id: 'username',
      title: t('user'),
      cell: ({ name, username, domain }) => (
        <>
          <strong>{name || username}</strong>
          <span className={ui.sub}>{domain ? `${domain}\\${username}` : username}</span>
        </>
      ),
      sort: true,
      filter: { kind: 'text' },
      head: true,
    },
    {
      id: 'computers',
      title: t('on'),
      cell: ({ computers }) => <Seen on={computers} />,
      filter: { kind: 'text' },
    },
    {
      id: 'employeeName',
      title: common('employee'),
      cell: (user) => <LinkCell key={user.id} user={user} people={people} />,
    },
  ]
}

/** Seen are the computers on which a Windows user was seen. */
function Seen({ on }: { on: ComputerUser['computers'] }) {
  if (on.length === 0) return <>—</>
  return (
    <ul className={css.users}>
      {on.map(({ id, name }) => (
        <li key={id}>
          <Link href={`/computers/${id}`} className={css.plainLink}>
            {name}
          </Link>
        </li>
      ))}
    </ul>
  )
}

type Linked = Pick<Employee, 'id' | 'name'> | null

/** LinkCell links and unlinks in place; it stays until the list is read again, so that either can be undone. */
function LinkCell({ user, people }: { user: ComputerUser; people: Employee[] }) {
  const t = useTexts()
  const before: Linked = user.employeeId ? { id: user.employeeId, name: user.employeeName ?? '' } : null
  const [now, setNow] = useState<Linked>(before)
  const mayLink = ['ADMIN', 'HR'].includes(useUser().role)
  const queries = useQueryClient()
  const link = useMutation({
    mutationFn: (to: Linked) => {
      const params = { path: { id: user.id } }
      return to
        ? answer(api.POST('/api/v2/computers/users/{id}/link', { params, body: { employeeId: to.id } }))
        : answer(
            // To undo a link is to say that it never was; to unlink, that it is no more.
            api.POST('/api/v2/computers/users/{id}/unlink', {
              params: { ...params, query: { mistake: before === null } },
            }),
          )
    },
    onSuccess: (_, to) => {
      setNow(to)
      for (const key of ['day', 'week', 'presence', 'computer']) {
        void queries.invalidateQueries({ queryKey: [key] })
      }
      void queries.invalidateQueries({ queryKey: ['computer-users', 'waiting'] })
    },
  })
  const changed = now?.id !== before?.id
  return (
    <div className={css.linkCell}>
      {now && changed && <Status tone="good">{t('done', { name: now.name })}</Status>}
      {now && !changed && (
        <Link href={`/people/${now.id}`} className={css.plainLink}>
          {now.name}
        </Link>
      )}
      {!now && mayLink && (
        <Choose user={user} people={people} pending={link.isPending} onChoose={(to) => link.mutate(to)} />
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
    </div>
  )
}

interface ChooseProps {
  user: ComputerUser
  people: Employee[]
  pending: boolean
  onChoose: (employee: Employee) => void
}

/** Choose offers who the user probably is, then everybody. */
function Choose({ user, people, pending, onChoose }: ChooseProps) {
  const t = useTexts()
  const common = useCommon()
  const [making, setMaking] = useState(false)
  const name = user.name || user.username
  const likely = similar(user, people)
  return (
    <>
      {likely.slice(0, 2).map((employee) => (
        <Button
          key={employee.id}
          size="xs"
          variant="light"
          leftSection={<LinkIcon size={14} />}
          disabled={pending}
          title={t('suggest', { name: employee.name })}
          onClick={() => onChoose(employee)}
        >
          {employee.name}
        </Button>
      ))}
      <div className={css.chooser}>
        <EmployeeSelect
          label={t('linkOf', { name })}
          hideLabel
          size="xs"
          placeholder={t(likely.length > 0 ? 'choose.other' : 'choose')}
          value={null}
          first={likely}
          disabled={pending}
          onChoose={(employee) => employee && onChoose(employee)}
        />
      </div>
      <Button size="xs" variant="default" disabled={pending} onClick={() => setMaking(true)}>
        {common('employee.new')}
      </Button>
      {making && (
        <NewEmployee
          name={user.name}
          onMade={(employee) => {
            setMaking(false)
            onChoose(employee)
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  )
}
