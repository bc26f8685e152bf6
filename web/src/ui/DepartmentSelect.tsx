import { Select } from '@mantine/core'
import { useDepartmentTree, type Branch } from '../api/departments'
import { fold } from '../lib/fold'

interface Props {
  label: string
  /** What stands for no department at all; without it one must be chosen. */
  everyone?: string
  organizationId?: number
  value?: number
  onChange: (id: number | null) => void
  /** Whether the label is shown, or only told. */
  labelled?: boolean
  placeholder?: string
  /** A department that cannot be chosen, with all under it. */
  without?: number
  error?: string
}

const ALL = 'all'

/** DepartmentSelect chooses a department of the tree; the search knows both scripts. */
export function DepartmentSelect(props: Props) {
  const { label, everyone, organizationId, value, onChange, labelled, without } = props
  const { branches } = useDepartmentTree(organizationId)
  const offered = without === undefined ? branches : branches.filter((branch) => !within(branch, without))
  const data = offered.map(({ id, name }) => ({ value: String(id), label: name }))
  const depth = (value: string) => offered.find(({ id }) => String(id) === value)?.depth ?? 0
  return (
    <Select
      label={labelled ? label : undefined}
      aria-label={labelled ? undefined : label}
      placeholder={props.placeholder ?? everyone}
      error={props.error}
      data={everyone === undefined ? data : [{ value: ALL, label: everyone }, ...data]}
      value={value === undefined ? (everyone === undefined ? null : ALL) : String(value)}
      onChange={(id) => onChange(id === null || id === ALL ? null : Number(id))}
      searchable={data.length > 8}
      filter={({ options, search }) => {
        const wanted = fold(search.trim())
        return options.filter((option) => !('label' in option) || fold(option.label).includes(wanted))
      }}
      renderOption={({ option }) => (
        <span style={{ paddingLeft: `${depth(option.value)}rem` }}>{option.label}</span>
      )}
      allowDeselect={false}
      comboboxProps={{ shadow: 'md' }}
    />
  )
}

const within = (branch: Branch, id: number) => branch.path.includes(id)
