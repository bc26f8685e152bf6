import { Button } from '@mantine/core'
import { Fragment, useState } from 'react'
import { answer, api } from '../../api/client'
import { usePages } from '../../api/queries'
import type { Policy, PolicyVersion } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Differences } from './Differences'
import css from './policies.module.css'
import { Rollback } from './Rollback'
import { useTexts } from './texts'

/** Versions are what the policy has been, the newest first, with the way back. */
export function Versions({ policy, zone }: { policy: Policy; zone: string }) {
  const t = useTexts()
  const { id } = policy
  const list = usePages(['policies', 'versions', id], (after, signal) =>
    answer(
      api.GET('/api/v2/policies/{id}/versions', {
        params: { path: { id }, query: { limit: 20, after } },
        signal,
      }),
    ),
  )
  const [chosen, setChosen] = useState<string>()
  return (
    <Card title={t('versions')} flush>
      {list.isPending && <Rows count={4} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('versions.none')}</p>
      )}
      {list.items.length > 0 && (
        <table className={`${ui.table} ${ui.stack}`}>
          <thead>
            <tr>
              <th>{t('version')}</th>
              <th>{t('at')}</th>
              <th>{t('by')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {list.items.map((version) => (
              <Version
                key={version.version}
                version={version}
                policy={policy}
                zone={zone}
                onRollback={() => setChosen(version.version)}
              />
            ))}
          </tbody>
        </table>
      )}
      <More list={list} />
      {chosen && <Rollback policy={policy} version={chosen} onClose={() => setChosen(undefined)} />}
    </Card>
  )
}

interface Props {
  version: PolicyVersion
  policy: Policy
  zone: string
  onRollback: () => void
}

function Version({ version, policy, zone, onRollback }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const actor = useActor()
  const [open, setOpen] = useState(false)
  const n = Number(version.version)
  return (
    <Fragment>
      <tr data-policy-version={n}>
        <td className={ui.whole}>
          <strong>{t('version.n', { n })}</strong>
          {n === policy.releasedVersion && <span className={css.mark}>{t('inForce')}</span>}
          {n === policy.version && n !== policy.releasedVersion && (
            <span className={css.mark}>{t('comes')}</span>
          )}
          {version.requiresRestart && <span className={ui.sub}>{t('restarts')}</span>}
        </td>
        <td data-label={t('at')} className={ui.nowrap}>
          {dateTime(Date.parse(version.releasedAt), zone, language)}
        </td>
        <td data-label={t('by')}>{actor(version.releasedBy)}</td>
        <td className={`${ui.whole} ${ui.number}`}>
          <span className={css.buttons}>
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={open}
              aria-label={t('differs.of', { n })}
              onClick={() => setOpen(!open)}
            >
              {t('differs')}
            </Button>
            {n !== policy.version && (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={t('rollback.of', { n })}
                onClick={onRollback}
              >
                {t('rollback')}
              </Button>
            )}
          </span>
        </td>
      </tr>
      {open && (
        <tr data-differences={n}>
          <td colSpan={4} className={ui.whole}>
            {n > 1 ? (
              <Differences id={policy.id} from={n - 1} to={n} />
            ) : (
              <p className={ui.quiet}>{t('first')}</p>
            )}
          </td>
        </tr>
      )}
    </Fragment>
  )
}
