import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations, usePages, useZone } from '../../api/queries'
import type { ApiKey } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty } from '../../ui/Page'
import { Ago, More, Rows, Status, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** Keys are the API keys of agents and terminals; what is shown of a key is how it begins. */
export function Keys({ make }: { make: ReactNode }) {
  const t = useTexts()
  const [dropped, setDropped] = useState<ApiKey>()
  const list = usePages(['api-keys'], (after, signal) =>
    answer(api.GET('/api/v2/api-keys', { params: { query: { limit: 100, after } }, signal })),
  )
  return (
    <Card title={t('keys')} flush>
      {list.isPending && <Rows />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty title={t('keys.none')} hint={t('keys.hint')}>
          {make}
        </Empty>
      )}
      {list.items.length > 0 && <Table keys={list.items} onDrop={setDropped} />}
      <More list={list} />
      {dropped && <Drop apiKey={dropped} onClose={() => setDropped(undefined)} />}
    </Card>
  )
}

function Table({ keys, onDrop }: { keys: ApiKey[]; onDrop: (key: ApiKey) => void }) {
  const t = useTexts()
  const zone = useZone()
  const organizations = useOrganizations()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('key')}</th>
          <th>{t('type')}</th>
          <th>{t('organization')}</th>
          <th>{t('networks')}</th>
          <th>{t('used')}</th>
          <th>{t('state')}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id} data-key={key.prefix}>
            <td className={ui.whole}>
              <strong>{key.description || t('key.unnamed')}</strong>
              <span className={ui.sub}>{key.prefix}…</span>
            </td>
            <td data-label={t('type')}>{t(key.type)}</td>
            <td data-label={t('organization')}>
              {organizations.find(({ id }) => id === key.organizationId)?.shortName ??
                `№ ${key.organizationId}`}
            </td>
            <td data-label={t('networks')}>{key.allowedIps?.join(', ') ?? t('networks.any')}</td>
            <td data-label={t('used')} className={ui.nowrap}>
              <Ago at={key.lastUsedAt} zone={zone} />
            </td>
            <td data-label={t('state')}>
              <State apiKey={key} zone={zone} />
            </td>
            <td className={ui.number}>
              {!key.revokedAt && (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="gray"
                  aria-label={t('revokeOf', { name: key.description || key.prefix })}
                  onClick={() => onDrop(key)}
                >
                  {t('revoke')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function State({ apiKey, zone }: { apiKey: ApiKey; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const { revokedAt, expiresAt, isActive } = apiKey
  const expired = expiresAt !== undefined && Date.parse(expiresAt) <= now
  const state = revokedAt ? 'revoked' : expired ? 'expired' : isActive ? 'inForce' : 'off'
  const at = revokedAt ?? expiresAt
  return (
    <span>
      <Status tone={state === 'inForce' ? 'good' : 'quiet'}>{t(`state.${state}`)}</Status>
      {at && (
        <span className={ui.sub}>
          {revokedAt || expired
            ? dateTime(Date.parse(at), zone, language)
            : t('until', { at: dateTime(Date.parse(at), zone, language) })}
        </span>
      )}
    </span>
  )
}

/** Drop revokes a key for good, having said what comes of it. */
function Drop({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const drop = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/api-keys/{id}', { params: { path: { id: apiKey.id } } })),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: ['api-keys'] })
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('revoke.title', { name: apiKey.description || `${apiKey.prefix}…` })}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={ui.form}>
        <p>{t('revoke.hint')}</p>
        {drop.isError && <ErrorNote error={drop.error} />}
        <div className={ui.actions}>
          <Button color="red" loading={drop.isPending} onClick={() => drop.mutate()}>
            {t('revoke')}
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            {common('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
