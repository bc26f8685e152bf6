import { Button, Modal, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useGroups } from '../../api/groups'
import { useUser } from '../../api/queries'
import type { Group } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { PlusIcon } from '../../ui/icons'
import { Card, Empty } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

/** Groups is all groups of people of an organization. */
export function Groups({ organizationId }: { organizationId?: number }) {
  const t = useTexts()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const query = useGroups(organizationId)
  const [form, setForm] = useState<'new' | Group>()
  const none = query.isSuccess && query.groups.length === 0
  const add = mayEdit && (
    <Button
      size="xs"
      variant={none ? 'filled' : 'default'}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setForm('new')}
    >
      {t('new.group')}
    </Button>
  )
  return (
    <Card title={t('groups')} actions={!none && add} flush>
      {query.isPending && <Rows count={3} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {none && (
        <Empty title={t('groups.none')} hint={t(mayEdit ? 'groups.hint' : 'groups.other')}>
          {add}
        </Empty>
      )}
      {query.groups.length > 0 && <GroupTable groups={query.groups} onEdit={mayEdit ? setForm : undefined} />}
      {form !== undefined && (
        <GroupForm
          group={form === 'new' ? undefined : form}
          organizationId={organizationId}
          onClose={() => setForm(undefined)}
        />
      )}
    </Card>
  )
}

function GroupTable({ groups, onEdit }: { groups: Group[]; onEdit?: (group: Group) => void }) {
  const t = useTexts()
  const language = useLanguage()
  const counted = groups.some(({ members }) => members !== undefined)
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('departmentName')}</th>
          <th>{t('description')}</th>
          {counted && <th className={ui.number}>{t('members')}</th>}
          <th>
            <span className={ui.spoken}>{t('edit')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.id} data-group={group.id}>
            <td className={ui.whole}>
              <Link href={`/people?group=${group.id}`}>
                <strong>{group.name}</strong>
              </Link>
            </td>
            <td data-label={t('description')}>{group.description || '—'}</td>
            {counted && (
              <td data-label={t('members')} className={ui.number}>
                {number(group.members ?? 0, language)}
              </td>
            )}
            <td className={`${ui.whole} ${ui.number}`}>
              {onEdit && (
                <Button size="compact-sm" variant="default" onClick={() => onEdit(group)}>
                  {t('edit')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface FormProps {
  group?: Group
  organizationId?: number
  onClose: () => void
}

/** GroupForm makes, changes or deletes a group. */
function GroupForm({ group, organizationId, onClose }: FormProps) {
  const t = useTexts()
  const common = useCommon()
  const [name, setName] = useState(group?.name ?? '')
  const [description, setDescription] = useState(group?.description ?? '')
  const [sure, setSure] = useState(false)
  const { save, remove } = useChanges(group, organizationId, onClose)
  const { errorOf, rest } = fieldErrors(save.error, ['name', 'description'])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(group ? 'edit.group' : 'new.group')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ name: name.trim(), description: description.trim() })
        }}
      >
        <TextInput
          label={t('departmentName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf('name')}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Textarea
          label={t('description')}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={errorOf('description')}
          autosize
          minRows={2}
        />
        {rest !== undefined && <ErrorNote error={rest} />}
        {remove.isError && <ErrorNote error={remove.error} />}
        <div className={css.formButtons}>
          <Button type="submit" loading={save.isPending}>
            {group ? t('save') : common('add')}
          </Button>
          {group && (
            <Button
              variant={sure ? 'filled' : 'subtle'}
              color="red"
              loading={remove.isPending}
              onClick={() => (sure ? remove.mutate() : setSure(true))}
            >
              {t(sure ? 'delete.ask' : 'delete')}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  )
}

function useChanges(group: Group | undefined, organizationId: number | undefined, onDone: () => void) {
  const queries = useQueryClient()
  const onSuccess = async () => {
    for (const key of ['employees', 'employee']) void queries.invalidateQueries({ queryKey: [key] })
    await queries.invalidateQueries({ queryKey: ['groups'] })
    onDone()
  }
  const params = { path: { id: group?.id ?? 0 } }
  const save = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      group
        ? answer(api.PATCH('/api/v2/employees/groups/{id}', { params, body }))
        : answer(api.POST('/api/v2/employees/groups', { body: { ...body, organizationId } })),
    onSuccess,
  })
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/employees/groups/{id}', { params })),
    onSuccess,
  })
  return { save, remove }
}
