import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { download } from '../../api/list'
import { usePages, useUser } from '../../api/queries'
import type { Command, Gateway } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { useCode } from '../../ui/codes/words'
import { ErrorNote } from '../../ui/ErrorNote'
import { More, Rows, Status, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const REFRESH_MS = 5_000
const SHOWN = 10

const TONES: Record<Command['status'], Tone> = {
  pending: 'quiet',
  sent: 'warn',
  completed: 'good',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'quiet',
}

/** OF_HR are the commands that also HR orders, and takes back. */
const OF_HR = new Set<Command['type']>(['restart_agent', 'collect_diagnostics'])

const isOpen = ({ status }: Command) => status === 'pending' || status === 'sent'

/** Commands are what a gateway was ordered to do, the latest first, and how far that has come. */
export function Commands({ gateway, zone }: { gateway: Gateway; zone: string }) {
  const t = useTexts()
  const list = usePages(
    ['commands', gateway.id],
    (after, signal) =>
      answer(
        api.GET('/api/v2/commands', {
          params: { query: { gatewayId: gateway.id, limit: SHOWN, after } },
          signal,
        }),
      ),
    REFRESH_MS,
  )
  if (list.isPending) return <Rows count={2} />
  if (list.isError) return <ErrorNote error={list.error} retry={() => void list.refetch()} />
  if (list.items.length === 0) return <p className={ui.quiet}>{t('commands.none')}</p>
  return (
    <>
      <table className={`${ui.table} ${ui.stack}`} aria-label={t('commands')}>
        <thead>
          <tr>
            <th>{t('command')}</th>
            <th>{t('state')}</th>
            <th>{t('command.at')}</th>
            <th className={ui.number}>{t('command.attempts')}</th>
            <th>{t('command.expires')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {list.items.map((command) => (
            <Row key={command.id} command={command} zone={zone} />
          ))}
        </tbody>
      </table>
      <More list={list} />
    </>
  )
}

function Row({ command, zone }: { command: Command; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const actor = useActor()
  const code = useCode()
  const moment = (at: string) => dateTime(Date.parse(at), zone, language)
  const { type, status, endedAt } = command
  const { policyId, version } = command.payload
  const mayCancel = useUser().role === 'ADMIN' ? type !== 'policy_update' : OF_HR.has(type)
  return (
    <tr data-command={type}>
      <td className={ui.whole}>
        {type === 'policy_update' && typeof policyId === 'number' && policyId > 0 ? (
          <Link href={`/policies/${policyId}`}>{t(`type.${type}`)}</Link>
        ) : (
          <strong>{t(`type.${type}`)}</strong>
        )}
        {typeof version === 'string' && version && (
          <span className={ui.sub}>{t('type.version', { n: version })}</span>
        )}
      </td>
      <td data-label={t('state')}>
        <span>
          <Status tone={TONES[status]}>{t(`status.${status}`)}</Status>
          {command.code && command.code !== status && (
            <span className={ui.sub} title={command.error}>
              {code(command.code)}
            </span>
          )}
        </span>
      </td>
      <td data-label={t('command.at')}>
        <span>
          {moment(command.createdAt)}
          <span className={ui.sub}>{actor(command.orderedBy)}</span>
        </span>
      </td>
      <td data-label={t('command.attempts')} className={ui.number}>
        {number(command.attempts, language)} / {number(command.maxAttempts, language)}
      </td>
      <td data-label={t('command.expires')}>
        {endedAt ? t('command.ended', { at: moment(endedAt) }) : moment(command.expiresAt)}
      </td>
      <td className={ui.number}>
        {isOpen(command) && mayCancel && <Cancel command={command} />}
        {command.diagnostics && <Diagnostics command={command} />}
      </td>
    </tr>
  )
}

function Cancel({ command: { id, gatewayId } }: { command: Command }) {
  const t = useTexts()
  const queries = useQueryClient()
  const again = () => queries.invalidateQueries({ queryKey: ['commands', gatewayId] })
  const cancel = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/commands/{id}/cancel', { params: { path: { id } } })),
    onSuccess: again,
  })
  return (
    <>
      <Button size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        {t('command.cancel')}
      </Button>
      {cancel.isError && <ErrorNote error={cancel.error} />}
    </>
  )
}

/** Diagnostics downloads what the gateway has sent. */
function Diagnostics({ command: { id } }: { command: Command }) {
  const t = useTexts()
  const file = useMutation({
    mutationFn: () =>
      download(
        `/api/v2/commands/${id}/diagnostics`,
        new URLSearchParams(),
        `diagnostics-${id}.tar.gz`,
        () => undefined,
      ),
  })
  return (
    <>
      <Button size="compact-sm" variant="default" loading={file.isPending} onClick={() => file.mutate()}>
        {t('command.file')}
      </Button>
      {file.isError && <ErrorNote error={file.error} />}
    </>
  )
}
