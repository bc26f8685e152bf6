import { Button, Modal, Select, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Device, NewDevice } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Empty } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { TYPES, WAYS } from './columns'
import { useTexts } from './texts'

interface Props {
  /** Without it a terminal is added to the organization. */
  id?: number
  organizationId?: number
  onClose: () => void
}

/** DeviceForm adds a terminal, or changes the one of the id. */
export function DeviceForm({ id, organizationId, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const query = useQuery({
    queryKey: ['devices', 'one', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/devices', { params: { query: { id: String(id) } }, signal })),
    staleTime: 0,
    gcTime: 0,
  })
  const device = query.data?.items[0]
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(id === undefined ? 'new' : 'edit')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {id !== undefined && query.isPending && <Rows count={5} />}
      {query.isSuccess && !device && <Empty title={t('lost.title')} hint={t('lost.hint')} />}
      {(id === undefined || device) && (
        <Fields device={device} organizationId={organizationId} onClose={onClose} />
      )}
    </Modal>
  )
}

const FIELDS = ['name', 'ipAddress', 'entryType', 'type', 'serialNumber', 'isActive'] as const

function Fields(props: { device?: Device; organizationId?: number; onClose: () => void }) {
  const { device, organizationId, onClose } = props
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const [form, setForm] = useState<NewDevice>(() => ({
    name: device?.name ?? '',
    ipAddress: device?.ipAddress ?? '',
    entryType: device?.entryType ?? 'BOTH',
    type: device?.type,
    serialNumber: device?.serialNumber ?? '',
    isActive: device?.isActive ?? true,
  }))
  const save = useMutation({
    mutationFn: () =>
      device
        ? answer(api.PATCH('/api/v2/devices/{id}', { params: { path: { id: device.id } }, body: form }))
        : answer(api.POST('/api/v2/devices', { body: { ...form, organizationId } })),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: ['devices'] })
    },
  })
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const set = (part: Partial<NewDevice>) => setForm((before) => ({ ...before, ...part }))
  return (
    <form
      className={ui.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <TextInput
        label={t('name')}
        placeholder={t('name.hint')}
        required
        autoComplete="off"
        value={form.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        error={errorOf('name')}
        data-autofocus
      />
      <TextInput
        label={t('address')}
        description={t('address.hint')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        required
        autoComplete="off"
        value={form.ipAddress}
        onChange={(event) => set({ ipAddress: event.currentTarget.value })}
        error={errorOf('ipAddress')}
      />
      <div className={ui.columns}>
        <Select
          label={t('way')}
          data={WAYS.map((value) => ({ value, label: t(value) }))}
          value={form.entryType ?? null}
          onChange={(value) => set({ entryType: value as NewDevice['entryType'] })}
          allowDeselect={false}
          error={errorOf('entryType')}
        />
        <Select
          label={t('type')}
          placeholder={t('type.none')}
          data={TYPES.map((value) => ({ value, label: t(value) }))}
          value={form.type ?? null}
          onChange={(value) => set({ type: value as NewDevice['type'] })}
          allowDeselect={false}
          error={errorOf('type')}
        />
      </div>
      <TextInput
        label={t('serial')}
        autoComplete="off"
        value={form.serialNumber}
        onChange={(event) => set({ serialNumber: event.currentTarget.value })}
        error={errorOf('serialNumber')}
      />
      {device && (
        <Switch
          label={t('used.label')}
          description={t('used.hint')}
          checked={form.isActive}
          onChange={(event) => set({ isActive: event.currentTarget.checked })}
          error={errorOf('isActive')}
        />
      )}
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={ui.actions}>
        <Button type="submit" loading={save.isPending}>
          {common(device ? 'save' : 'add')}
        </Button>
        <Button variant="default" onClick={onClose}>
          {common('cancel')}
        </Button>
      </div>
    </form>
  )
}
