import { Button, Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations, usePages, useUser, useZone } from '../../api/queries'
import type { NewProvisioningToken, ProvisioningToken } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { More, Rows, Secret, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const HOURS = [1, 24, 168, 720] as const

/** NewToken makes a provisioning token and shows it once. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const issue = useMutation({
    mutationFn: (body: NewProvisioningToken) => answer(api.POST('/api/v2/gateways/tokens', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('token.new')}
      closeOnClickOutside={!issue.data}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {issue.data ? (
        <Issued token={issue.data} onClose={onClose} />
      ) : (
        <TokenForm onSubmit={issue.mutate} pending={issue.isPending} error={issue.error} />
      )}
    </Modal>
  )
}

function TokenForm(props: {
  onSubmit: (body: NewProvisioningToken) => void
  pending: boolean
  error: Error | null
}) {
  const t = useTexts()
  const user = useUser()
  const organizations = useOrganizations()
  const [organization, setOrganization] = useState<string | null>(null)
  const [hours, setHours] = useState('24')
  const [uses, setUses] = useState<string | number>(1)
  const [note, setNote] = useState('')
  const chosen = Number(organization ?? user.organizationId ?? organizations[0]?.id)
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        props.onSubmit({
          organizationId: chosen || undefined,
          expiresInHours: Number(hours),
          maxUses: Number(uses) || 1,
          note: note.trim() || undefined,
        })
      }}
    >
      {user.organizationId === undefined && (
        <Select
          label={t('organization')}
          data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
          value={chosen ? String(chosen) : null}
          onChange={setOrganization}
          allowDeselect={false}
        />
      )}
      <Select
        label={t('token.hours')}
        data={HOURS.map((value) => ({ value: String(value), label: t(`token.hours.${value}`) }))}
        value={hours}
        onChange={(value) => setHours(value ?? '24')}
        allowDeselect={false}
      />
      <NumberInput label={t('token.uses')} min={1} max={1000} value={uses} onChange={setUses} hideControls />
      <TextInput
        label={t('token.note')}
        placeholder={t('token.note.hint')}
        maxLength={200}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {props.error && <ErrorNote error={props.error} />}
      <Button type="submit" loading={props.pending}>
        {t('token.make')}
      </Button>
    </form>
  )
}

function Issued({ token, onClose }: { token: ProvisioningToken; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const zone = useZone()
  return (
    <div className={ui.form}>
      <Secret value={token.token ?? ''} label={t('token.value')} />
      <p>
        <strong>{common('once')}</strong>{' '}
        {t('token.until', { at: dateTime(Date.parse(token.expiresAt), zone, language) })}
      </p>
      <Button variant="default" onClick={onClose}>
        {common('close')}
      </Button>
    </div>
  )
}

/** Tokens lists what was issued; the tokens themselves are not kept. */
export function Tokens() {
  const t = useTexts()
  const list = usePages(['tokens'], (after, signal) =>
    answer(api.GET('/api/v2/gateways/tokens', { params: { query: { limit: 50, after } }, signal })),
  )
  return (
    <Card title={t('token.list')} flush>
      {list.isPending && <Rows count={2} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('token.none')}</p>
      )}
      {list.items.length > 0 && <TokenTable tokens={list.items} />}
      <More list={list} />
    </Card>
  )
}

function TokenTable({ tokens }: { tokens: ProvisioningToken[] }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone()
  const now = useNow()
  const queries = useQueryClient()
  const drop = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/api/v2/gateways/tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
  return (
    <>
      {drop.isError && <ErrorNote error={drop.error} />}
      <table className={`${ui.table} ${ui.stack}`}>
        <thead>
          <tr>
            <th>{t('token.note')}</th>
            <th>{t('token.expires')}</th>
            <th className={ui.number}>{t('token.used')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td data-label={t('token.note')}>{token.note || '—'}</td>
              <td data-label={t('token.expires')}>
                <span>
                  {dateTime(Date.parse(token.expiresAt), zone, language)}
                  {Date.parse(token.expiresAt) < now && <span className={ui.sub}>{t('token.expired')}</span>}
                </span>
              </td>
              <td data-label={t('token.used')} className={ui.number}>
                <span>
                  {number(token.uses, language)} / {number(token.maxUses, language)}
                  {token.uses >= token.maxUses && <span className={ui.sub}>{t('token.spent')}</span>}
                </span>
              </td>
              <td className={ui.number}>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="gray"
                  loading={drop.isPending && drop.variables === token.id}
                  onClick={() => drop.mutate(token.id)}
                >
                  {t('token.drop')}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
