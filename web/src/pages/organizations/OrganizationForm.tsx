import { Button, Modal, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { NewOrganization, Organization } from '../../api/types'
import { LANGUAGES } from '../../app/language'
import { zones } from '../../lib/zones'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const TEXTS = ['shortName', 'fullName', 'phone', 'email', 'address'] as const
const FIELDS = [...TEXTS, 'additionalDetails', 'language', 'zone', 'isActive'] as const
const REQUIRED: readonly string[] = ['shortName', 'fullName']

const BLANK: NewOrganization = { language: 'uz', zone: 'Asia/Tashkent', isActive: true }

/** OrganizationForm makes an organization, or changes the one of the id. */
export function OrganizationForm({ id, onClose }: { id?: number; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const query = useQuery({
    queryKey: ['organizations', 'one', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/organizations/{id}', { params: { path: { id: id ?? 0 } }, signal })),
    staleTime: 0,
    gcTime: 0,
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(id === undefined ? 'new' : 'edit')}
      size="lg"
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {id !== undefined && query.isPending && <Rows count={6} />}
      {id === undefined && <Fields begin={BLANK} onClose={onClose} />}
      {query.data && (
        <Fields id={id} begin={query.data as Organization & NewOrganization} onClose={onClose} />
      )}
    </Modal>
  )
}

interface FieldsProps {
  id?: number
  begin: NewOrganization
  onClose: () => void
}

function Fields({ id, begin, onClose }: FieldsProps) {
  const t = useTexts()
  const common = useCommon()
  const [form, setForm] = useState(() => pick(begin))
  const save = useSave(id, onClose)
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const set = (part: NewOrganization) => setForm((before) => ({ ...before, ...part }))
  return (
    <form
      className={ui.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(form)
      }}
    >
      {TEXTS.map((field) => (
        <TextInput
          key={field}
          name={field}
          label={t(field)}
          type={field === 'email' ? 'email' : field === 'phone' ? 'tel' : 'text'}
          autoComplete="off"
          required={REQUIRED.includes(field)}
          value={form[field] ?? ''}
          onChange={(event) => set({ [field]: event.currentTarget.value })}
          error={errorOf(field)}
          autoFocus={field === 'shortName'}
        />
      ))}
      <div className={ui.columns}>
        <Select
          label={t('language')}
          data={LANGUAGES.map(({ code, name }) => ({ value: code, label: name }))}
          value={form.language ?? null}
          onChange={(language) => language && set({ language })}
          allowDeselect={false}
          error={errorOf('language')}
        />
        <Select
          label={t('zone')}
          description={t('zone.hint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          data={zones(form.zone)}
          value={form.zone ?? null}
          onChange={(zone) => zone && set({ zone })}
          searchable
          limit={100}
          allowDeselect={false}
          error={errorOf('zone')}
        />
      </div>
      <Textarea
        label={t('additionalDetails')}
        autosize={false}
        rows={3}
        value={form.additionalDetails ?? ''}
        onChange={(event) => set({ additionalDetails: event.currentTarget.value })}
        error={errorOf('additionalDetails')}
      />
      {id !== undefined && (
        <Switch
          label={t('active')}
          description={t('active.hint')}
          checked={form.isActive ?? true}
          onChange={(event) => set({ isActive: event.currentTarget.checked })}
          error={errorOf('isActive')}
        />
      )}
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

/** pick leaves what the form can change. */
const pick = (from: NewOrganization): NewOrganization =>
  Object.fromEntries(FIELDS.map((field) => [field, from[field]]))

function useSave(id: number | undefined, onSaved: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: NewOrganization) =>
      id === undefined
        ? answer(api.POST('/api/v2/organizations', { body }))
        : answer(api.PATCH('/api/v2/organizations/{id}', { params: { path: { id } }, body })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['organizations'] })
      onSaved()
    },
  })
}
