import { Button } from '@mantine/core'
import { Fragment, useState } from 'react'
import { answer, api } from '../../api/client'
import { usePages } from '../../api/queries'
import type { Policy, PolicyChange } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Differences, Words } from './Differences'
import { besideContent, changesContent } from './patch'
import { useTexts } from './texts'

/** Changes are who did what to the policy, the latest first. */
export function Changes({ policy, zone }: { policy: Policy; zone: string }) {
  const t = useTexts()
  const { id } = policy
  const list = usePages(['policies', 'changes', id], (after, signal) =>
    answer(
      api.GET('/api/v2/policies/{id}/changes', {
        params: { path: { id }, query: { limit: 20, after } },
        signal,
      }),
    ),
  )
  return (
    <Card title={t('changes')} flush>
      {list.isPending && <Rows count={4} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('changes.none')}</p>
      )}
      {list.items.length > 0 && (
        <table className={`${ui.table} ${ui.stack}`}>
          <thead>
            <tr>
              <th>{t('at')}</th>
              <th>{t('by')}</th>
              <th>{t('what')}</th>
              <th>{t('version')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {list.items.map((change) => (
              <Change key={change.at + change.version + change.type} id={id} change={change} zone={zone} />
            ))}
          </tbody>
        </table>
      )}
      <More list={list} />
    </Card>
  )
}

function Change({ id, change, zone }: { id: number; change: PolicyChange; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const actor = useActor()
  const [open, setOpen] = useState(false)
  const version = Number(change.version)
  const more = change.type === 'update' || change.type === 'rollback'
  const beside = besideContent(change.changeset)
  return (
    <Fragment>
      <tr data-change={change.type}>
        <td className={`${ui.whole} ${ui.nowrap}`}>{dateTime(Date.parse(change.at), zone, language)}</td>
        <td data-label={t('by')}>{actor(change.changedBy)}</td>
        <td data-label={t('what')}>{t(`change.${change.type}`)}</td>
        <td data-label={t('version')} className={ui.nowrap}>
          {version > 0 ? t('version.n', { n: version }) : '—'}
        </td>
        <td className={`${ui.whole} ${ui.number}`}>
          {more && (
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={open}
              aria-label={t('differs.of', { n: version })}
              onClick={() => setOpen(!open)}
            >
              {t('differs')}
            </Button>
          )}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={5} className={ui.whole}>
            {beside.length > 0 && <Words changes={beside} />}
            {version > 1 && changesContent(change.changeset) && (
              <Differences id={id} from={version - 1} to={version} />
            )}
          </td>
        </tr>
      )}
    </Fragment>
  )
}
