import { Button, Modal, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Employee } from '../../api/types'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const FIELDS = [
  'name',
  'departmentId',
  'position',
  'personalId',
  'phone',
  'email',
  'address',
  'additionalDetails',
]

interface Props {
  /** Who is changed; nobody while a person is added. */
  employee?: Employee
  organizationId?: number
  departmentId?: number
  onDone: (employee: Employee) => void
  onClose: () => void
}

/** EmployeeForm adds or changes a person. */
export function EmployeeForm({ employee, organizationId, departmentId, onDone, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const [values, setValues] = useState({
    name: employee?.name ?? '',
    departmentId: employee?.departmentId ?? departmentId,
    position: employee?.position ?? '',
    personalId: employee?.personalId ?? '',
    phone: employee?.phone ?? '',
    email: employee?.email ?? '',
    address: employee?.address ?? '',
    additionalDetails: employee?.additionalDetails ?? '',
    isActive: employee?.isActive ?? true,
  })
  const save = useSave(employee, onDone)
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const text = (
    field: 'name' | 'position' | 'personalId' | 'phone' | 'email' | 'address' | 'additionalDetails',
  ) => ({
    value: values[field],
    error: errorOf(field),
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setValues({ ...values, [field]: event.target.value }),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(employee ? 'edit.person' : 'new.person')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ ...values, name: values.name.trim() })
        }}
      >
        <TextInput label={t('fullName')} {...text('name')} required withAsterisk={false} data-autofocus />
        <DepartmentSelect
          labelled
          label={t('department')}
          organizationId={employee?.organizationId ?? organizationId}
          value={values.departmentId}
          onChange={(id) => setValues({ ...values, departmentId: id ?? undefined })}
          error={errorOf('departmentId')}
        />
        <TextInput label={t('position')} {...text('position')} />
        <TextInput label={t('personalId')} inputMode="numeric" maxLength={14} {...text('personalId')} />
        <TextInput label={t('phone')} type="tel" {...text('phone')} />
        <TextInput label={t('email')} type="email" {...text('email')} />
        <TextInput label={t('address')} {...text('address')} />
        <TextInput label={t('notes')} {...text('additionalDetails')} />
        {employee && (
          <Switch
            label={t('works.yes')}
            checked={values.isActive}
            onChange={(event) => setValues({ ...values, isActive: event.currentTarget.checked })}
          />
        )}
        {rest !== undefined && <ErrorNote error={rest} />}
        <Button type="submit" loading={save.isPending} disabled={values.departmentId === undefined}>
          {employee ? t('save') : common('add')}
        </Button>
      </form>
    </Modal>
  )
}

function useSave(employee: Employee | undefined, onDone: (employee: Employee) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { name: string; departmentId?: number }) =>
      employee
        ? answer(api.PATCH('/api/v2/employees/{id}', { params: { path: { id: employee.id } }, body }))
        : answer(api.POST('/api/v2/employees', { body })),
    onSuccess: (saved) => {
      for (const key of ['employees', 'employee', 'presence', 'history'])
        void queries.invalidateQueries({ queryKey: [key] })
      onDone(saved)
    },
  })
}
