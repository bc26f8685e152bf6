import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../api/client'
import type { Employee } from '../api/types'
import { useCommon } from './texts'

interface Props {
  value: Employee | null
  onChoose: (employee: Employee | null) => void
  label: string
  hideLabel?: boolean
  disabled?: boolean
  size?: string
  placeholder?: string
  /** Whose people are offered; without it those of all that the user may see. */
  organizationId?: number
  clearable?: boolean
  /** Who is offered before the others while nothing is searched for. */
  first?: readonly Employee[]
}

/** EmployeeSelect finds an employee; the server searches. */
export function EmployeeSelect(props: Props) {
  const { value, onChoose, label, hideLabel, disabled, size, placeholder, organizationId, first = [] } = props
  const t = useCommon()
  const [typed, setTyped] = useState('')
  // Mantine puts the chosen label into the search field; that is no search.
  const [search] = useDebouncedValue(typed === value?.name ? '' : typed, 200)
  const query = useQuery({
    queryKey: ['employees', search, organizationId],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/employees', {
          params: { query: { search: search || undefined, organizationId, limit: 50 } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
  const all = query.data?.items ?? []
  const found = search
    ? all
    : [...first, ...all.filter(({ id }) => !first.some((offered) => offered.id === id))]
  const known = value && !found.some(({ id }) => id === value.id) ? [value, ...found] : found
  return (
    <Select
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      placeholder={placeholder ?? t('employee.find')}
      searchable
      size={size}
      disabled={disabled}
      clearable={props.clearable}
      clearButtonProps={{ 'aria-label': t('clear') }}
      data={known.map(({ id, name }) => ({ value: String(id), label: name }))}
      value={value ? String(value.id) : null}
      onChange={(id) => onChoose(known.find((employee) => String(employee.id) === id) ?? null)}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      nothingFoundMessage={query.isPending ? t('loading') : t('nothing')}
      renderOption={({ option }) => {
        const employee = known.find(({ id }) => String(id) === option.value)
        return (
          <span>
            {option.label}
            {employee?.departmentName && <small> · {employee.departmentName}</small>}
          </span>
        )
      }}
      maxDropdownHeight={280}
      comboboxProps={{ shadow: 'md', width: 'target' }}
    />
  )
}
