import { useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { Policy, Rollout } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number, percent } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows, Status, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

const TONES: Record<Rollout['state'], Tone> = {
  running: 'warn',
  finished: 'good',
  stopped: 'bad',
  superseded: 'quiet',
}

/** Rollouts are how far the last versions came. */
export function Rollouts({ policy, zone }: { policy: Policy; zone: string }) {
  const t = useTexts()
  const { id } = policy
  const query = useQuery({
    queryKey: ['policies', 'rollouts', id],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/policies/{id}/rollouts', { params: { path: { id } }, signal })),
  })
  if (query.data?.items.length === 0) return null
  return (
    <Card title={t('rollouts')} flush>
      {query.isPending && <Rows count={3} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <table className={`${ui.table} ${ui.stack}`}>
          <thead>
            <tr>
              <th>{t('version')}</th>
              <th>{t('state')}</th>
              <th>{t('gateways')}</th>
              <th>{t('started')}</th>
              <th>{t('by')}</th>
            </tr>
          </thead>
          <tbody>
            {query.data.items.map((rollout) => (
              <Row key={rollout.id} rollout={rollout} zone={zone} />
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}

function Row({ rollout, zone }: { rollout: Rollout; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const actor = useActor()
  const { version, state, reason, gateways } = rollout
  const counts = {
    completed: number(gateways.completed, language),
    reached: number(gateways.reached, language),
  }
  return (
    <tr data-rollout={version}>
      <td className={ui.whole}>
        <strong>{t('version.n', { n: version })}</strong>
        {rollout.isRollback && <span className={ui.sub}>{t('change.rollback')}</span>}
      </td>
      <td data-label={t('state')}>
        <span>
          <Status tone={TONES[state]}>{t(`rollout.state.${state}`)}</Status>
          {reason && <span className={ui.sub}>{t(`rollout.${reason}`)}</span>}
        </span>
      </td>
      <td data-label={t('gateways')}>
        <span>
          {t('gateways.counts', counts)}
          {rollout.percent < 100 && (
            <span className={ui.sub}>{percent(rollout.percent / 100, language)}</span>
          )}
          {gateways.failed > 0 && (
            <span
              className={`${ui.sub} ${ui.bad}`}
            >{`${t('failed')}: ${number(gateways.failed, language)}`}</span>
          )}
        </span>
      </td>
      <td data-label={t('started')} className={ui.nowrap}>
        {dateTime(Date.parse(rollout.startedAt), zone, language)}
      </td>
      <td data-label={t('by')}>{actor(rollout.startedBy)}</td>
    </tr>
  )
}
