import { Button, MultiSelect } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useGroups } from '../../api/groups'
import { useUser } from '../../api/queries'
import type { Employee } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

/** PersonGroups is in which groups a person is. */
export function PersonGroups({ employee }: { employee: Employee }) {
  const t = useTexts()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const [editing, setEditing] = useState(false)
  const groups = employee.groups ?? []
  return (
    <Card
      title={t('groups')}
      actions={
        mayEdit &&
        !editing && (
          <Button size="compact-sm" variant="default" onClick={() => setEditing(true)}>
            {t('groups.change')}
          </Button>
        )
      }
    >
      {editing && <Choose employee={employee} onDone={() => setEditing(false)} />}
      {!editing && groups.length === 0 && <p className={ui.quiet}>{t('groups.inNone')}</p>}
      {!editing && (
        <ul className={css.users}>
          {groups.map(({ id, name }) => (
            <li key={id}>
              <Link href={`/people?group=${id}`}>{name}</Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Choose({ employee, onDone }: { employee: Employee; onDone: () => void }) {
  const t = useTexts()
  const queries = useQueryClient()
  const { groups, isPending, error } = useGroups(employee.organizationId)
  const [chosen, setChosen] = useState(() => (employee.groups ?? []).map(({ id }) => String(id)))
  const params = { path: { id: employee.id } }
  const save = useMutation({
    mutationFn: () =>
      answer(api.PUT('/api/v2/employees/{id}/groups', { params, body: { groupIds: chosen.map(Number) } })),
    onSuccess: async () => {
      for (const key of ['employees', 'groups', 'history'])
        void queries.invalidateQueries({ queryKey: [key] })
      await queries.invalidateQueries({ queryKey: ['employee', employee.id] })
      onDone()
    },
  })
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <MultiSelect
        aria-label={t('groups')}
        placeholder={chosen.length === 0 ? t('groups.choose') : undefined}
        data={groups.map(({ id, name }) => ({ value: String(id), label: name }))}
        value={chosen}
        onChange={setChosen}
        disabled={isPending}
        searchable
        data-autofocus
      />
      {groups.length === 0 && !isPending && (
        <p className={ui.quiet}>
          <Link href="/people?tab=groups">{t('groups.make')}</Link>
        </p>
      )}
      {(error ?? save.error) && <ErrorNote error={error ?? save.error} />}
      <Button type="submit" size="xs" loading={save.isPending}>
        {t('save')}
      </Button>
    </form>
  )
}
