import { SegmentedControl } from '@mantine/core'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useOrganizations, usePages, useZone } from '../../api/queries'
import type { SignInEvent } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { programOf } from '../security/program'
import { useDeed } from '../users/words'
import { useTexts } from './texts'

const VIEWS = ['', 'true', 'false'] as const

/** SignIns are those of all users, and the tries that were refused. */
export function SignIns() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const failed = VIEWS.find((value) => value === params.get('failed')) ?? ''
  const list = usePages<SignInEvent>(['users', 'sign-ins', failed], (after, signal) =>
    answer(
      api.GET('/api/v2/users/sign-ins', {
        params: { query: { limit: 100, after, failed: failed === '' ? undefined : failed === 'true' } },
        signal,
      }),
    ),
  )
  const choice = (
    <SegmentedControl
      size="xs"
      aria-label={t('tab.signIns')}
      value={failed}
      onChange={(value) => change({ failed: value })}
      data={VIEWS.map((value) => ({ value, label: t(`failed.${value || 'any'}`) }))}
    />
  )
  return (
    <Card title={t('tab.signIns')} actions={choice} flush>
      {list.isPending && <Rows />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('failed.none')}</p>
      )}
      {list.items.length > 0 && <Table events={list.items} />}
      <More list={list} />
    </Card>
  )
}

function Table({ events }: { events: SignInEvent[] }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone()
  const deed = useDeed(zone)
  const organizations = useOrganizations()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('when')}</th>
          <th>{t('who')}</th>
          <th>{t('what')}</th>
          <th>{t('from')}</th>
          <th>{t('organization')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id} data-action={event.action}>
            <td className={`${ui.whole} ${ui.nowrap}`}>{dateTime(Date.parse(event.at), zone, language)}</td>
            <td data-label={t('who')}>
              <span>
                <Link href={`/users/${event.userId}`}>{event.name || `№ ${event.userId}`}</Link>
                <span className={ui.sub}>{event.username}</span>
              </span>
            </td>
            <td data-label={t('what')} className={event.action === 'user.signed_in' ? undefined : ui.warn}>
              {deed(event)}
            </td>
            <td data-label={t('from')}>
              <span>
                {event.clientIp || '—'}
                {event.userAgent && <span className={ui.sub}>{programOf(event.userAgent)}</span>}
              </span>
            </td>
            <td data-label={t('organization')}>
              {organizations.find(({ id }) => id === event.organizationId)?.shortName ?? t('all')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
