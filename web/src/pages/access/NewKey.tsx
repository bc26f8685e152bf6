import { Button, Modal, Select, TagsInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations } from '../../api/queries'
import { ErrorNote } from '../../ui/ErrorNote'
import { entryErrors, fieldErrors } from '../../ui/form'
import { Secret } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const TYPES = ['AGENT', 'HIKVISION', 'ADMIN'] as const
const DAYS = ['0', '90', '365'] as const
const DAY_MS = 86_400_000
const FIELDS = ['type', 'organizationId', 'description', 'allowedIps', 'expiresAt'] as const

/** NewKey makes an API key, and shows it once. */
export function NewKey({ onClose }: { onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const organizations = useOrganizations()
  const [type, setType] = useState<(typeof TYPES)[number]>('AGENT')
  const [organization, setOrganization] = useState<string | null>(null)
  const [description, setDescription] = useState('')
  const [networks, setNetworks] = useState<string[]>([])
  const [days, setDays] = useState<string>('0')
  const organizationId = Number(organization ?? organizations[0]?.id) || undefined
  const issue = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/api-keys', {
          body: {
            type,
            organizationId,
            description: description.trim() || undefined,
            allowedIps: networks.length > 0 ? networks : undefined,
            expiresAt: days === '0' ? undefined : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  const { errorOf, rest } = fieldErrors(issue.error, FIELDS)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('key.new')}
      closeOnClickOutside={!issue.data}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {issue.data ? (
        <div className={ui.form}>
          <Secret value={issue.data.key} label={t('key')} />
          <p>
            <strong>{common('once')}</strong> {t('key.use')}
          </p>
          <pre className={ui.code}>X-API-Key: {issue.data.prefix}…</pre>
          <Button variant="default" onClick={onClose}>
            {common('close')}
          </Button>
        </div>
      ) : (
        <form
          className={ui.form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            issue.mutate()
          }}
        >
          <Select
            label={t('type')}
            description={t(`${type}.hint`)}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            data={TYPES.map((value) => ({ value, label: t(value) }))}
            value={type}
            onChange={(value) => value && setType(value as typeof type)}
            allowDeselect={false}
            error={errorOf('type')}
          />
          {organizations.length > 1 && (
            <Select
              label={t('organization')}
              data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
              value={organizationId === undefined ? null : String(organizationId)}
              onChange={setOrganization}
              allowDeselect={false}
              searchable
              error={errorOf('organizationId')}
            />
          )}
          <TextInput
            label={t('description')}
            placeholder={t('description.hint')}
            maxLength={200}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            error={errorOf('description')}
            data-autofocus
          />
          <TagsInput
            label={t('networks')}
            description={t('networks.hint')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            placeholder={networks.length === 0 ? t('networks.any') : undefined}
            splitChars={[',', ' ']}
            acceptValueOnBlur
            value={networks}
            onChange={setNetworks}
            error={entryErrors(issue.error, 'allowedIps', networks)}
          />
          <Select
            label={t('life')}
            data={DAYS.map((value) => ({ value, label: t(`life.${value}`) }))}
            value={days}
            onChange={(value) => setDays(value ?? '0')}
            allowDeselect={false}
            error={errorOf('expiresAt')}
          />
          {rest !== undefined && <ErrorNote error={rest} />}
          <div className={ui.actions}>
            <Button type="submit" loading={issue.isPending}>
              {t('key.make')}
            </Button>
            <Button variant="default" onClick={onClose}>
              {common('cancel')}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  )
}
