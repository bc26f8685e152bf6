import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations, usePages, useZone } from '../../api/queries'
import type { BlockedAddress } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Card, Empty } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const KEY = 'blocked-addresses'

/** Blocked are the addresses from which keys are refused, and how they are let in again. */
export function Blocked({ make }: { make: ReactNode }) {
  const t = useTexts()
  const list = usePages<BlockedAddress>([KEY], (after, signal) =>
    answer(api.GET('/api/v2/security/addresses', { params: { query: { limit: 100, after } }, signal })),
  )
  return (
    <Card title={t('tab.addresses')} flush>
      {list.isPending && <Rows />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty title={t('addresses.none')} hint={t('addresses.hint')}>
          {make}
        </Empty>
      )}
      {list.items.length > 0 && <Table blocks={list.items} />}
      <More list={list} />
    </Card>
  )
}

function Table({ blocks }: { blocks: BlockedAddress[] }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone()
  const organizations = useOrganizations()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('address')}</th>
          <th>{t('reason')}</th>
          <th>{t('organization')}</th>
          <th>{t('blockedAt')}</th>
          <th>{t('endsAt')}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {blocks.map((block) => (
          <tr
            key={`${block.ipAddress} ${block.organizationId} ${block.isAutomatic}`}
            data-address={block.ipAddress}
          >
            <td className={ui.whole}>
              <strong>{block.ipAddress}</strong>
            </td>
            <td data-label={t('reason')}>
              <span>
                {block.reason}
                {block.isAutomatic && <span className={ui.sub}>{t('automatic')}</span>}
              </span>
            </td>
            <td data-label={t('organization')}>
              {organizations.find(({ id }) => id === block.organizationId)?.shortName ?? t('nobodys')}
            </td>
            <td data-label={t('blockedAt')} className={ui.nowrap}>
              {dateTime(Date.parse(block.createdAt), zone, language)}
            </td>
            <td data-label={t('endsAt')} className={ui.nowrap}>
              {block.expiresAt ? dateTime(Date.parse(block.expiresAt), zone, language) : t('block.0')}
            </td>
            <td className={ui.number}>
              <LetIn block={block} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function LetIn({ block: { ipAddress, organizationId } }: { block: BlockedAddress }) {
  const t = useTexts()
  const queries = useQueryClient()
  const letIn = useMutation({
    mutationFn: () =>
      answer(api.DELETE('/api/v2/security/addresses', { params: { query: { ipAddress, organizationId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [KEY] }),
  })
  return (
    <>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        aria-label={t('letIn.of', { name: ipAddress })}
        loading={letIn.isPending}
        onClick={() => letIn.mutate()}
      >
        {t('letIn')}
      </Button>
      {letIn.isError && <ErrorNote error={letIn.error} />}
    </>
  )
}

const HOURS = ['1', '24', '720', '0'] as const
const HOUR_MS = 3_600_000

/** NewBlock refuses the keys of an organization from an address. */
export function NewBlock({ onClose }: { onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const organizations = useOrganizations()
  const [organization, setOrganization] = useState<string | null>(null)
  const [ipAddress, setAddress] = useState('')
  const [reason, setReason] = useState('')
  const [hours, setHours] = useState<string>('24')
  const organizationId = Number(organization ?? organizations[0]?.id) || undefined
  const block = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/security/addresses', {
          body: {
            ipAddress,
            reason,
            organizationId,
            expiresAt:
              hours === '0' ? undefined : new Date(Date.now() + Number(hours) * HOUR_MS).toISOString(),
          },
        }),
      ),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: [KEY] })
    },
  })
  const { errorOf, rest } = fieldErrors(block.error, ['ipAddress', 'reason', 'organizationId', 'expiresAt'])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('block.new')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          block.mutate()
        }}
      >
        <p className={ui.quiet}>{t('block.hint')}</p>
        <TextInput
          label={t('address')}
          description={t('address.hint')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          required
          autoComplete="off"
          value={ipAddress}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={errorOf('ipAddress')}
          data-autofocus
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
          label={t('reason')}
          required
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={errorOf('reason')}
        />
        <Select
          label={t('block.time')}
          data={HOURS.map((value) => ({ value, label: t(`block.${value}`) }))}
          value={hours}
          onChange={(value) => setHours(value ?? '24')}
          allowDeselect={false}
          error={errorOf('expiresAt')}
        />
        {rest !== undefined && <ErrorNote error={rest} />}
        <div className={ui.actions}>
          <Button type="submit" color="red" loading={block.isPending}>
            {t('block')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
