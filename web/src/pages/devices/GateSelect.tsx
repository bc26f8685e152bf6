import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const NONE = 'none'
const NEW = 'new'
const ALL_AT_ONCE = 1000

/** useGates are the gates of the organization, or of the user's own. */
export const useGates = (organization?: number, enabled = true) =>
  useQuery({
    queryKey: ['gates', organization],
    enabled,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/gates', { params: { query: { organization, limit: ALL_AT_ONCE } }, signal })),
    select: ({ items }) => items,
  }).data

interface Props {
  organizationId?: number
  /** 0 is none. */
  value: number
  onChange: (gate: number) => void
  error?: string
}

/** GateSelect says where a terminal hangs; a gate that is not there yet is added in place. */
export function GateSelect({ organizationId, value, onChange, error }: Props) {
  const t = useTexts()
  const gates = useGates(organizationId) ?? []
  const [adding, setAdding] = useState(false)
  return (
    <>
      <Select
        label={t('gate')}
        description={t('gate.hint')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        data={[
          { value: NONE, label: t('gate.none') },
          ...gates.map(({ id, name }) => ({ value: String(id), label: name })),
          { value: NEW, label: t('gate.new') },
        ]}
        value={adding ? NEW : value === 0 ? NONE : String(value)}
        onChange={(chosen) => {
          setAdding(chosen === NEW)
          if (chosen !== NEW) onChange(chosen === NONE ? 0 : Number(chosen))
        }}
        allowDeselect={false}
        error={error}
      />
      {adding && (
        <NewGate
          organizationId={organizationId}
          onMade={(gate) => {
            setAdding(false)
            onChange(gate)
          }}
        />
      )}
    </>
  )
}

function NewGate({ organizationId, onMade }: { organizationId?: number; onMade: (gate: number) => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const add = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/gates', { body: { name, organizationId } })),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['gates'] })
      onMade(id)
    },
  })
  const { errorOf, rest } = fieldErrors(add.error, ['name'])
  return (
    <div>
      <div className={ui.beside}>
        <TextInput
          label={t('gate.name')}
          placeholder={t('gate.example')}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault() // the form of the terminal is not meant
            add.mutate()
          }}
          error={errorOf('name')}
          data-autofocus
        />
        <Button variant="default" loading={add.isPending} onClick={() => add.mutate()}>
          {common('add')}
        </Button>
      </div>
      {rest !== undefined && <ErrorNote error={rest} />}
    </div>
  )
}
