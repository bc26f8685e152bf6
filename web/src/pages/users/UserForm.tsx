import { Button, Checkbox, Modal, MultiSelect, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { answer, api } from '../../api/client'
import { useDepartmentTree } from '../../api/departments'
import { useOrganizations, useUser } from '../../api/queries'
import type { Account, Role } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { Issued } from './Issued'
import { PasswordField } from './PasswordField'
import { useTexts } from './texts'

const FIELDS = [
  'name',
  'username',
  'password',
  'role',
  'organizationId',
  'departmentIds',
  'mustChangePassword',
] as const

/** What the form holds; the departments are sent by themselves. */
interface Form {
  name: string
  username: string
  password: string
  role: Role
  organizationId?: number
  departmentIds: number[]
  mustChange: boolean
}

/** UserForm makes a user, whose password it then shows, or changes one. */
export function UserForm({ user, onClose }: { user?: Account; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const [made, setMade] = useState<{ username: string; password: string }>()
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(made ? 'made' : user ? 'edit' : 'new')}
      closeOnClickOutside={!made}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {made ? (
        <Issued {...made} onClose={onClose} />
      ) : (
        <Fields
          user={user}
          onClose={onClose}
          onSaved={({ username, password }) => (user ? onClose() : setMade({ username, password }))}
        />
      )}
    </Modal>
  )
}

interface FieldsProps {
  user?: Account
  onClose: () => void
  onSaved: (form: Form) => void
}

function Fields({ user, onClose, onSaved }: FieldsProps) {
  const t = useTexts()
  const common = useCommon()
  const self = useUser().id === user?.id
  const [form, setForm] = useState<Form>(() => ({
    name: user?.name ?? '',
    username: user?.username ?? '',
    password: '',
    role: user?.role ?? 'HR',
    organizationId: user?.organizationId,
    departmentIds: user?.departmentIds ?? [],
    mustChange: user?.mustChangePassword ?? true,
  }))
  const save = useSave(user, self, onSaved)
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const set = (part: Partial<Form>) => setForm((before) => ({ ...before, ...part }))
  return (
    <form
      className={ui.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(form)
      }}
    >
      <TextInput
        name="name"
        label={t('name')}
        autoComplete="off"
        required
        value={form.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={errorOf('name')}
        autoFocus
      />
      <TextInput
        name="username"
        label={t('username')}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={form.username}
        onChange={(event) => set({ username: event.currentTarget.value })}
        error={errorOf('username')}
      />
      {!user && (
        <PasswordField
          label={t('password')}
          value={form.password}
          onChange={(password) => set({ password })}
          error={errorOf('password')}
        />
      )}
      <RoleSelect
        user={user}
        self={self}
        role={form.role}
        onChange={(role) => set({ role })}
        error={errorOf('role')}
      />
      {form.role !== 'ADMIN' && <Place form={form} set={set} fixed={user !== undefined} errorOf={errorOf} />}
      <Checkbox
        label={t('password.must')}
        checked={form.mustChange}
        onChange={(event) => set({ mustChange: event.currentTarget.checked })}
      />
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={ui.actions}>
        <Button type="submit" loading={save.isPending}>
          {common('save')}
        </Button>
        <Button variant="default" onClick={onClose}>
          {common('cancel')}
        </Button>
      </div>
    </form>
  )
}

function RoleSelect(props: {
  user?: Account
  self: boolean
  role: Role
  onChange: (role: Role) => void
  error?: string
}) {
  const t = useTexts()
  const { user, role } = props
  // A user's organization is for good, and an administrator has none.
  const others: Role[] = ['HR', 'DEPARTMENT_LEAD', 'GUARD']
  const possible: Role[] = !user ? ['ADMIN', ...others] : user.role === 'ADMIN' ? ['ADMIN'] : others
  return (
    <Select
      label={t('role')}
      description={user?.role === 'ADMIN' ? t(props.self ? 'self' : 'role.kind') : t(`${role}.hint`)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={possible.map((one) => ({ value: one, label: t(one) }))}
      value={role}
      onChange={(value) => value && props.onChange(value as Role)}
      allowDeselect={false}
      disabled={props.self || possible.length === 1}
      error={props.error}
    />
  )
}

interface PlaceProps {
  form: Form
  set: (part: Partial<Form>) => void
  fixed: boolean
  errorOf: (field: string) => string | undefined
}

/** Place is the organization, and for a department lead the departments. */
function Place({ form, set, fixed, errorOf }: PlaceProps) {
  const t = useTexts()
  const organizations = useOrganizations()
  return (
    <>
      <Select
        label={t('organization')}
        data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
        value={form.organizationId === undefined ? null : String(form.organizationId)}
        onChange={(id) => set({ organizationId: Number(id) || undefined, departmentIds: [] })}
        allowDeselect={false}
        searchable
        required
        disabled={fixed}
        error={errorOf('organizationId')}
      />
      {form.role === 'DEPARTMENT_LEAD' && form.organizationId !== undefined && (
        <Departments
          organizationId={form.organizationId}
          value={form.departmentIds}
          onChange={(departmentIds) => set({ departmentIds })}
          error={errorOf('departmentIds')}
        />
      )}
    </>
  )
}

function Departments(props: {
  organizationId: number
  value: number[]
  onChange: (ids: number[]) => void
  error?: string
}) {
  const t = useTexts()
  const { branches } = useDepartmentTree(props.organizationId)
  return (
    <MultiSelect
      label={t('departments')}
      description={t('departments.hint')}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={branches.map(({ id, name, depth }) => ({
        value: String(id),
        label: '\u2003'.repeat(depth) + name,
      }))}
      value={props.value.map(String)}
      onChange={(ids) => props.onChange(ids.map(Number))}
      searchable
      error={props.error}
    />
  )
}

function useSave(user: Account | undefined, self: boolean, onSaved: (form: Form) => void) {
  const queries = useQueryClient()
  /** Whom an earlier try has made, whose departments were refused then. */
  const made = useRef<Account>(undefined)
  return useMutation({
    mutationFn: async (form: Form) => {
      const { name, username, password, role, departmentIds } = form
      const organizationId = role === 'ADMIN' ? undefined : form.organizationId
      const mustChangePassword = form.mustChange
      const known = user ?? made.current
      const saved = known
        ? await answer(
            api.PATCH('/api/v2/users/{id}', {
              params: { path: { id: known.id } },
              body: { name, username, mustChangePassword, ...(self ? {} : { role }) },
            }),
          )
        : await answer(
            api.POST('/api/v2/users', {
              body: { name, username, role, organizationId, password, mustChangePassword },
            }),
          )
      made.current = saved
      if (role !== 'DEPARTMENT_LEAD') return
      const params = { path: { id: saved.id } }
      await answer(api.PUT('/api/v2/users/{id}/departments', { params, body: { departmentIds } }))
    },
    onSuccess: (_, form) => onSaved(form),
    // A user may have been made even if the departments were refused.
    onSettled: () => queries.invalidateQueries({ queryKey: ['users'] }),
  })
}
