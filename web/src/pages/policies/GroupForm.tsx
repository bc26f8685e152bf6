import { Button, Modal, SegmentedControl, Switch, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { PolicyGroupValues } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { entryErrors, fieldErrors } from '../../ui/form'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { linesOf } from './input'
import { Remove } from './Remove'
import { useTexts } from './texts'

interface Props {
  /** What is changed; nothing while one is made. */
  id?: number
  organizationId?: number
  onClose: () => void
}

/** GroupForm makes, changes or deletes a group of sites or applications. */
export function GroupForm({ id, organizationId, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const query = useQuery({
    queryKey: ['policy-groups', 'one', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/policies/groups/{id}', { params: { path: { id: id ?? 0 } }, signal })),
    staleTime: 0,
    gcTime: 0,
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(id === undefined ? 'groups.new' : 'groups.edit')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {id !== undefined && query.isPending && <Rows count={4} />}
      {id === undefined && <Fields organizationId={organizationId} onClose={onClose} />}
      {query.data && <Fields group={query.data} onClose={onClose} />}
    </Modal>
  )
}

interface FieldsProps {
  group?: PolicyGroupValues
  organizationId?: number
  onClose: () => void
}

function Fields({ group, organizationId, onClose }: FieldsProps) {
  const t = useTexts()
  const common = useCommon()
  const [form, setForm] = useState(() => ({
    name: group?.name ?? '',
    type: group?.type ?? ('WEBSITE' as const),
    isActive: group?.isActive ?? true,
    values: group?.values.join('\n') ?? '',
  }))
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part })
  const { save, remove } = useChanges(group?.id, organizationId, onClose)
  const { errorOf, rest } = fieldErrors(save.error, ['name', 'type', 'isActive', 'values'])
  return (
    <form
      className={ui.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ ...form, values: linesOf(form.values, true) })
      }}
    >
      <TextInput
        label={t('groups.name')}
        placeholder={t('groups.name.hint')}
        value={form.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={errorOf('name')}
        required
        data-autofocus
      />
      <SegmentedControl
        aria-label={t('type')}
        value={form.type}
        onChange={(type) => set({ type: type === 'APPLICATION' ? type : 'WEBSITE' })}
        data={(['WEBSITE', 'APPLICATION'] as const).map((value) => ({ value, label: t(value) }))}
      />
      <Textarea
        label={t('values')}
        description={`${t('values.hint')} ${t(form.type === 'WEBSITE' ? 'exclude.sites.hint' : 'exclude.applications.hint')}`}
        value={form.values}
        onChange={(event) => set({ values: event.currentTarget.value })}
        error={entryErrors(save.error, 'values', save.variables?.values ?? [])}
        autosize
        minRows={5}
        maxRows={16}
        spellCheck={false}
      />
      <Switch
        label={t('active')}
        description={t('groups.active.hint')}
        checked={form.isActive}
        onChange={(event) => set({ isActive: event.currentTarget.checked })}
        error={errorOf('isActive')}
      />
      {group && <p className={ui.quiet}>{t('groups.versions')}</p>}
      {rest !== undefined && <ErrorNote error={rest} />}
      {remove.isError && <ErrorNote error={remove.error} />}
      <div className={ui.actions}>
        <Button type="submit" loading={save.isPending}>
          {common('save')}
        </Button>
        <Button variant="default" onClick={onClose}>
          {common('cancel')}
        </Button>
        {group && <Remove pending={remove.isPending} onRemove={() => remove.mutate()} />}
      </div>
    </form>
  )
}

interface GroupBody {
  name: string
  type: PolicyGroupValues['type']
  isActive: boolean
  values: string[]
}

function useChanges(id: number | undefined, organizationId: number | undefined, onDone: () => void) {
  const queries = useQueryClient()
  const done = async () => {
    void queries.invalidateQueries({ queryKey: ['policies'] }) // those that it is part of have changed, too
    await queries.invalidateQueries({ queryKey: ['policy-groups'] })
    onDone()
  }
  const params = { path: { id: id ?? 0 } }
  const save = useMutation({
    mutationFn: (body: GroupBody) =>
      id === undefined
        ? answer(api.POST('/api/v2/policies/groups', { body: { ...body, organizationId } }))
        : answer(api.PUT('/api/v2/policies/groups/{id}', { params, body })),
    onSuccess: done,
  })
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/policies/groups/{id}', { params })),
    onSuccess: done,
  })
  return { save, remove }
}
