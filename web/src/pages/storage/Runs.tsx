import { Switch } from '@mantine/core'
import type { RetentionRun } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { bytes, dateTime, day, number } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Grid, type Column } from '../../ui/Grid'
import { Status, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './storage.module.css'
import { useTexts } from './texts'
import { kinds, useKind } from './words'

const states = ['begun', 'archived', 'removed', 'finished'] as const
const actions = ['delete', 'archive'] as const

/** Runs are what went, by kind and day, with the evidence. */
export function Runs({ organizationId, zone }: { organizationId?: number; zone: string }) {
  const t = useTexts()
  const [params, change] = useUrlState()
  const failed = params.get('failed') === 'true'
  const kind = useKind()
  const choice = (
    <Switch
      label={t('run.failed')}
      checked={failed}
      onChange={(event) =>
        change({ failed: event.currentTarget.checked ? 'true' : null, after: null, page: null })
      }
    />
  )
  return (
    <Grid<RetentionRun>
      name="retention-runs"
      path="/api/v2/retention/runs"
      label={t('runs')}
      columns={useColumns(zone)}
      fixed={{ organizationId, failed: failed || undefined }}
      zone={zone}
      rowKey={({ id }) => id}
      nameOf={(run) => `${kind(run.kind)}, ${run.day}`}
      detail={(run) => <Evidence run={run} />}
      rowProps={({ state }) => ({ 'data-run': state })}
      tools={choice}
      empty={
        failed
          ? { title: t('runs.failed.none'), hint: t('runs.failed.none.hint') }
          : { title: t('runs.none'), hint: t('runs.none.hint') }
      }
    />
  )
}

const toneOf = ({ state, error }: RetentionRun): Tone =>
  state === 'finished' ? 'good' : error ? 'bad' : 'warn'

function useColumns(zone: string): Column<RetentionRun>[] {
  const t = useTexts()
  const language = useLanguage()
  const kind = useKind()
  const moment = (at?: string) => (at ? dateTime(Date.parse(at), zone, language) : '—')
  const count = (value: number) => number(value, language)
  return [
    {
      id: 'kind',
      title: t('resource'),
      head: true,
      sort: true,
      filter: { kind: 'select', options: kinds.map((value) => ({ value, label: kind(value) })) },
      cell: (run) => <strong>{kind(run.kind)}</strong>,
    },
    { id: 'day', title: t('run.day'), sort: true, nowrap: true, cell: (run) => day(run.day, language) },
    {
      id: 'action',
      title: t('run.action'),
      sort: true,
      filter: { kind: 'enum', options: actions.map((value) => ({ value, label: t(`run.${value}`) })) },
      cell: ({ action }) => t(`run.${action}`),
    },
    {
      id: 'state',
      title: t('run.state'),
      sort: true,
      filter: { kind: 'enum', options: states.map((value) => ({ value, label: t(`run.${value}`) })) },
      cell: (run) => (
        <>
          <Status tone={toneOf(run)}>{t(`run.${run.state}`)}</Status>
          {run.error && <span className={ui.sub}>{run.error}</span>}
        </>
      ),
    },
    { id: 'rows', title: t('rows'), sort: true, number: true, cell: (run) => count(run.rows) },
    { id: 'files', title: t('files'), sort: true, number: true, cell: (run) => count(run.files) },
    { id: 'bytes', title: t('bytes'), sort: true, number: true, cell: (run) => bytes(run.bytes, language) },
    {
      id: 'startedAt',
      title: t('run.startedAt'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: (run) => moment(run.startedAt),
    },
    {
      id: 'finishedAt',
      title: t('run.finishedAt'),
      sort: true,
      nowrap: true,
      hidden: true,
      filter: { kind: 'dates' },
      cell: (run) => moment(run.finishedAt),
    },
    {
      id: 'archivePath',
      title: t('run.path'),
      sort: true,
      hidden: true,
      filter: { kind: 'text' },
      cell: (run) => run.archivePath ?? '—',
    },
  ]
}

/** Evidence is by what a run can be proved. */
function Evidence({ run }: { run: RetentionRun }) {
  const t = useTexts()
  const facts = [
    [t('run.path'), run.archivePath],
    [t('run.sha256'), run.archiveSha256],
    [t('run.startedAt'), run.startedAt],
    [t('run.finishedAt'), run.finishedAt],
    [t('run.error'), run.error],
    ['ID', run.id],
  ]
  return (
    <dl className={css.evidence}>
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{value}</code>
              </dd>
            </div>
          ),
      )}
    </dl>
  )
}
