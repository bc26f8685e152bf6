import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { Credential, Employee } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { PlusIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

const KINDS = ['CARD', 'CAR'] as const
type Kind = (typeof KINDS)[number]

/** PersonCredentials is what a person shows at a door: cards, and the numbers of cars. */
export function PersonCredentials({ employee }: { employee: Employee }) {
  const t = useTexts()
  const common = useCommon()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const [giving, setGiving] = useState(false)
  const params = { path: { id: employee.id } }
  const list = useQuery({
    queryKey: ['credentials', employee.id],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/employees/{id}/credentials', { params, signal })),
  })
  const items = list.data?.items ?? []
  return (
    <Card
      title={t('credentials')}
      actions={
        mayEdit && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<PlusIcon size={14} />}
            onClick={() => setGiving(true)}
          >
            {t('credential.give')}
          </Button>
        )
      }
    >
      {list.isPending && <Rows count={2} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <p className={ui.quiet}>{t('credentials.none')}</p>}
      <ul className={css.users}>
        {items.map((credential) => (
          <li key={credential.id} className={css.absence} data-credential={credential.code}>
            <span>
              <strong>{credential.code}</strong>
              <span className={ui.sub}>
                {[nameOf(credential, t), credential.model].filter(Boolean).join(' · ')}
              </span>
            </span>
            {mayEdit && <TakeAway credential={credential} />}
          </li>
        ))}
      </ul>
      {giving && (
        <Modal
          opened
          onClose={() => setGiving(false)}
          title={t('credential.title')}
          closeButtonProps={{ 'aria-label': common('close') }}
        >
          <Give employeeId={employee.id} onDone={() => setGiving(false)} />
        </Modal>
      )}
    </Card>
  )
}

/** nameOf says what it is; what only other systems give out is told by its type. */
function nameOf({ type }: Credential, t: ReturnType<typeof useTexts>): string {
  const kind = KINDS.find((one) => one === type)
  return kind ? t(`credential.${kind}`) : type
}

function Give({ employeeId, onDone }: { employeeId: number; onDone: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const refresh = useRefresh(employeeId)
  const [type, setType] = useState<Kind>('CARD')
  const [code, setCode] = useState('')
  const [model, setModel] = useState('')
  const params = { path: { id: employeeId } }
  const give = useMutation({
    mutationFn: () => {
      const body = { type, code, model: type === 'CAR' ? model : undefined }
      return answer(api.POST('/api/v2/employees/{id}/credentials', { params, body }))
    },
    onSuccess: async () => {
      await refresh()
      onDone()
    },
  })
  const { errorOf, rest } = fieldErrors(give.error, ['code', 'model'])
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        give.mutate()
      }}
    >
      <SegmentedControl
        fullWidth
        aria-label={t('credential.kind')}
        value={type}
        onChange={(value) => setType(value as Kind)}
        data={KINDS.map((value) => ({ value, label: t(`credential.${value}`) }))}
      />
      <TextInput
        label={t(type === 'CAR' ? 'credential.plate' : 'credential.number')}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={errorOf('code')}
        autoComplete="off"
        required
        withAsterisk={false}
        data-autofocus
      />
      {type === 'CAR' && (
        <TextInput
          label={t('credential.model')}
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
          error={errorOf('model')}
          autoComplete="off"
        />
      )}
      {rest !== undefined && <ErrorNote error={rest} />}
      <Button type="submit" loading={give.isPending}>
        {common('add')}
      </Button>
    </form>
  )
}

/** TakeAway asks once more before it does. */
function TakeAway({ credential }: { credential: Credential }) {
  const t = useTexts()
  const refresh = useRefresh(credential.employeeId)
  const [sure, setSure] = useState(false)
  const params = { path: { id: credential.employeeId, credential_id: credential.id } }
  const take = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/employees/{id}/credentials/{credential_id}', { params })),
    onSuccess: refresh,
  })
  return (
    <>
      <Button
        size="compact-sm"
        variant={sure ? 'filled' : 'subtle'}
        color="red"
        aria-label={`${t(sure ? 'credential.sure' : 'credential.take')}: ${credential.code}`}
        loading={take.isPending}
        onClick={() => (sure ? take.mutate() : setSure(true))}
        onBlur={() => setSure(false)}
      >
        {t(sure ? 'credential.sure' : 'credential.take')}
      </Button>
      {take.isError && <ErrorNote error={take.error} />}
    </>
  )
}

/** useRefresh reads anew what a card or a car changes: the list and the history. */
function useRefresh(employeeId: number) {
  const queries = useQueryClient()
  return async () => {
    void queries.invalidateQueries({ queryKey: ['history'] })
    await queries.invalidateQueries({ queryKey: ['credentials', employeeId] })
  }
}
