import { Button, Modal, NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
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
import { GateSelect } from './GateSelect'
import { Password } from './Password'
import { Remove } from './Remove'
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
  const [removing, setRemoving] = useState(false)
  const device = query.data?.items[0]
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t(id === undefined ? 'new' : 'edit')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {id !== undefined && query.isPending && <Rows count={5} />}
      {query.isSuccess && !device && <Empty title={t('lost.title')} hint={t('lost.hint')} />}
      {device && removing && <Remove device={device} onDone={onClose} onCancel={() => setRemoving(false)} />}
      {(id === undefined || device) && !removing && (
        <Fields
          device={device}
          organizationId={organizationId}
          onClose={onClose}
          onRemove={() => setRemoving(true)}
        />
      )}
    </Modal>
  )
}

const FIELDS = [
  'name',
  'ipAddress',
  'port',
  'entryType',
  'type',
  'gateId',
  'serialNumber',
  'login',
  'password',
  'additionalDetails',
  'isActive',
] as const

interface FieldsProps {
  device?: Device
  organizationId?: number
  onClose: () => void
  onRemove: () => void
}

function Fields({ device, organizationId, onClose, onRemove }: FieldsProps) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const [form, setForm] = useState<NewDevice>(() => ({
    name: device?.name ?? '',
    ipAddress: device?.ipAddress ?? '',
    entryType: device?.entryType ?? 'BOTH',
    type: device?.type,
    port: device?.port ?? 0,
    gateId: device?.gateId ?? 0,
    serialNumber: device?.serialNumber ?? '',
    login: device?.login ?? '',
    additionalDetails: device?.additionalDetails ?? '',
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
      <div className={ui.columns}>
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
        <NumberInput
          label={t('port')}
          description={t('port.hint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          min={1}
          max={65535}
          clampBehavior="none"
          allowDecimal={false}
          allowNegative={false}
          hideControls
          value={form.port || ''}
          onChange={(value) => set({ port: Number(value) })}
          error={errorOf('port')}
        />
      </div>
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
      <GateSelect
        organizationId={device?.organizationId ?? organizationId}
        value={form.gateId ?? 0}
        onChange={(gateId) => set({ gateId })}
        error={errorOf('gateId')}
      />
      <div className={ui.columns}>
        <TextInput
          label={t('login')}
          autoComplete="off"
          value={form.login}
          onChange={(event) => set({ login: event.currentTarget.value })}
          error={errorOf('login')}
        />
        <Password
          known={device?.hasPassword ?? false}
          value={form.password}
          onChange={(password) => set({ password })}
          error={errorOf('password')}
        />
      </div>
      <TextInput
        label={t('serial')}
        autoComplete="off"
        value={form.serialNumber}
        onChange={(event) => set({ serialNumber: event.currentTarget.value })}
        error={errorOf('serialNumber')}
      />
      <Textarea
        label={t('note')}
        autosize
        minRows={1}
        maxRows={6}
        value={form.additionalDetails}
        onChange={(event) => set({ additionalDetails: event.currentTarget.value })}
        error={errorOf('additionalDetails')}
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
        {device && (
          <Button variant="subtle" color="red" ml="auto" onClick={onRemove}>
            {t('delete')}
          </Button>
        )}
      </div>
    </form>
  )
}
