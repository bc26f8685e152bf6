import { Autocomplete, Button, Modal, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../api/client'
import { useOrganizations, useUser } from '../api/queries'
import type { Employee } from '../api/types'
import { ErrorNote } from './ErrorNote'
import { useCommon } from './texts'
import css from './ui.module.css'

interface Props {
  /** A name to begin with. */
  name?: string
  onMade: (employee: Employee) => void
  onClose: () => void
}

/** NewEmployee adds a person, and the department too where it is new. */
export function NewEmployee({ name: suggested = '', onMade, onClose }: Props) {
  const t = useCommon()
  const user = useUser()
  const organizations = useOrganizations()
  const [chosen, setChosen] = useState<string | null>(null)
  const [name, setName] = useState(suggested)
  const [department, setDepartment] = useState('')
  const organizationId = Number(chosen ?? user.organizationId ?? organizations[0]?.id) || undefined
  const departments = useDepartments(organizationId)
  const make = useMake(organizationId, departments, onMade)
  return (
    <Modal opened onClose={onClose} title={t('employee.new')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation()
          make.mutate({ name: name.trim(), department: department.trim() })
        }}
      >
        {user.organizationId === undefined && organizations.length > 1 && (
          <Select
            label={t('organization')}
            data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
            value={String(organizationId)}
            onChange={setChosen}
            allowDeselect={false}
          />
        )}
        <TextInput
          label={t('employee.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Autocomplete
          label={t('department')}
          description={t('department.hint')}
          data={[...new Set(departments.map(({ shortName }) => shortName))]}
          value={department}
          onChange={setDepartment}
          required
          withAsterisk={false}
        />
        {make.isError && <ErrorNote error={make.error} />}
        <Button type="submit" loading={make.isPending}>
          {t('add')}
        </Button>
      </form>
    </Modal>
  )
}

interface Department {
  id: number
  shortName: string
}

function useDepartments(organizationId: number | undefined): Department[] {
  const query = useQuery({
    queryKey: ['departments', organizationId],
    enabled: organizationId !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/departments', { params: { query: { organizationId, limit: 500 } }, signal })),
  })
  return query.data?.items ?? []
}

function useMake(
  organizationId: number | undefined,
  departments: Department[],
  onMade: (employee: Employee) => void,
) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (made: { name: string; department: string }) => {
      const wanted = made.department.toLocaleLowerCase()
      const known = departments.find(({ shortName }) => shortName.toLocaleLowerCase() === wanted)
      const body = { organizationId, fullName: made.department, shortName: made.department }
      const department = known ?? (await answer(api.POST('/api/v2/departments', { body })))
      return answer(api.POST('/api/v2/employees', { body: { departmentId: department.id, name: made.name } }))
    },
    onSuccess: onMade,
    // A department may have been made even if the person was not.
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['departments'] }),
        queries.invalidateQueries({ queryKey: ['employees'] }),
      ]),
  })
}
