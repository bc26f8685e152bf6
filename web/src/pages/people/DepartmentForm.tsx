import { Button, Modal, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Branch } from '../../api/departments'
import { useZone } from '../../api/queries'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { History } from './History'
import css from './people.module.css'
import { useTexts } from './texts'

interface Props {
  /** What is changed; nothing while a department is added. */
  branch?: Branch
  /** The department under which a new one begins. */
  parentId?: number
  organizationId?: number
  onDone: (id: number | null) => void
  onClose: () => void
}

/** DepartmentForm adds, changes, moves or deletes a department. */
export function DepartmentForm({ branch, parentId: suggested, organizationId, onDone, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const [name, setName] = useState(branch?.name ?? '')
  const [parentId, setParentId] = useState<number | null>(branch?.path.at(-2) ?? suggested ?? null)
  const save = useSave(branch, organizationId, onDone)
  const zone = useZone(organizationId)
  const { errorOf, rest } = fieldErrors(save.error, ['fullName', 'shortName', 'parentId'])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(branch ? 'edit.department' : 'new.department')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ name: name.trim(), parentId })
        }}
      >
        <TextInput
          label={t('departmentName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf('fullName') ?? errorOf('shortName')}
          required
          withAsterisk={false}
          data-autofocus
        />
        <DepartmentSelect
          labelled
          label={t('under')}
          everyone={t('under.none')}
          organizationId={organizationId}
          without={branch?.id}
          value={parentId ?? undefined}
          onChange={setParentId}
          error={errorOf('parentId')}
        />
        {rest !== undefined && <ErrorNote error={rest} />}
        <div className={css.formButtons}>
          <Button type="submit" loading={save.isPending}>
            {branch ? t('save') : common('add')}
          </Button>
          {branch && <Delete id={branch.id} onDone={onDone} />}
        </div>
      </form>
      {branch && (
        <details className={css.past}>
          <summary>{t('history')}</summary>
          <History of="departments" id={branch.id} organizationId={organizationId} zone={zone} />
        </details>
      )}
    </Modal>
  )
}

function useSave(branch: Branch | undefined, organizationId: number | undefined, onDone: Props['onDone']) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ name, parentId }: { name: string; parentId: number | null }) => {
      const body = { fullName: name, shortName: name, parentId: parentId ?? 0 }
      if (!branch) return answer(api.POST('/api/v2/departments', { body: { ...body, organizationId } }))
      const params = { path: { id: branch.id } }
      const before = await answer(api.GET('/api/v2/departments/{id}', { params }))
      // A short name of its own stays.
      const shortName = before.shortName === before.fullName ? name : before.shortName
      return answer(api.PATCH('/api/v2/departments/{id}', { params, body: { ...body, shortName } }))
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['departments'] })
      void queries.invalidateQueries({ queryKey: ['employees'] })
      onDone(id)
    },
  })
}

/** Delete asks once more before it does. */
function Delete({ id, onDone }: { id: number; onDone: Props['onDone'] }) {
  const t = useTexts()
  const queries = useQueryClient()
  const [sure, setSure] = useState(false)
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/departments/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['departments'] })
      onDone(null)
    },
  })
  return (
    <>
      <Button
        variant={sure ? 'filled' : 'subtle'}
        color="red"
        loading={remove.isPending}
        onClick={() => (sure ? remove.mutate() : setSure(true))}
      >
        {t(sure ? 'delete.ask' : 'delete')}
      </Button>
      {remove.isError && <ErrorNote error={remove.error} />}
    </>
  )
}
