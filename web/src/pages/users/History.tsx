import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { usePages, useZone } from '../../api/queries'
import type { Account, UserEvent } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { programOf } from '../security/program'
import { useTexts } from './texts'
import { useChanges, useDeed } from './words'

const VIEWS = ['all', 'signIns'] as const

/** History is what happened to a user: who changed what, and every try to sign in. */
export function History({ user }: { user: Account }) {
  const t = useTexts()
  const [view, setView] = useState<(typeof VIEWS)[number]>('all')
  const list = usePages<UserEvent>(['users', 'history', user.id, view], (after, signal) => {
    const limit = 50
    return view === 'all'
      ? answer(
          api.GET('/api/v2/users/{id}/history', {
            params: { path: { id: user.id }, query: { limit, after } },
            signal,
          }),
        )
      : answer(
          api.GET('/api/v2/users/sign-ins', { params: { query: { userId: user.id, limit, after } }, signal }),
        )
  })
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t('history')}
      value={view}
      onChange={(value) => setView(value as typeof view)}
      data={VIEWS.map((value) => ({ value, label: t(`history.${value}`) }))}
    />
  )
  return (
    <Card title={t('history')} actions={choice} flush>
      {list.isPending && <Rows count={4} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('history.none')}</p>
      )}
      {list.items.length > 0 && <Table events={list.items} user={user} />}
      <More list={list} />
    </Card>
  )
}

function Table({ events, user }: { events: UserEvent[]; user: Account }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone(user.organizationId)
  const actor = useActor()
  const deed = useDeed(zone)
  const changes = useChanges(user)
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('when')}</th>
          <th>{t('what')}</th>
          <th>{t('who')}</th>
          <th>{t('address')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id} data-action={event.action}>
            <td className={`${ui.whole} ${ui.nowrap}`}>{dateTime(Date.parse(event.at), zone, language)}</td>
            <td data-label={t('what')}>
              <span>
                {deed(event)}
                {changes(event.changes).map((line) => (
                  <span key={line} className={ui.sub}>
                    {line}
                  </span>
                ))}
              </span>
            </td>
            <td data-label={t('who')}>{actor(whoOf(event, user))}</td>
            <td data-label={t('address')}>
              <span>
                {event.clientIp || '—'}
                {event.userAgent && <span className={ui.sub}>{programOf(event.userAgent)}</span>}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** whoOf: of a try to sign in the books know no actor, since nobody was anybody yet; of a refused one nobody knows. */
function whoOf({ action, actor }: UserEvent, user: Account): string {
  if (/^user\.(sign_in_failed|locked|refresh_reused)$/.test(action)) return ''
  return action === 'user.signed_in' || action === 'user.signed_out' ? `user:${user.id}` : actor
}
