import { Button, SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { ImportPreview, ImportProblem, ImportRow } from '../../../api/types'
import { Card, Tiles } from '../../../ui/Page'
import { SaveCsv } from '../../../ui/SaveCsv'
import { Status, type Tone } from '../../../ui/parts'
import ui from '../../../ui/ui.module.css'
import { useLanguage } from '../../../i18n/i18n'
import { number } from '../../../lib/format'
import css from './import.module.css'
import { errorTable, ordered } from './rows'
import { useTexts } from './texts'

const STEP = 100

const TONES: Record<ImportRow['state'], Tone> = {
  error: 'bad',
  changed: 'warn',
  new: 'good',
  unchanged: 'quiet',
}

interface Props {
  preview: ImportPreview
  writing: boolean
  onApply: () => void
}

/** Preview is what an import would do: its counts, and each row with what is wrong with it. */
export function Preview({ preview, writing, onApply }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const { counts, unknown } = preview
  const written = counts.new + counts.changed
  const tiles = (['new', 'changed', 'unchanged', 'errors'] as const).map((name) => ({
    label: t(name),
    value: number(counts[name], language),
  }))
  return (
    <>
      <Tiles items={tiles} />
      {unknown.length > 0 && <p className={css.quiet}>{t('unknown', { columns: unknown.join(', ') })}</p>}
      <div className={css.verdict}>
        <p role="status">{counts.errors > 0 ? t('wrong') : written === 0 && t('nothing')}</p>
        {counts.errors === 0 && written > 0 && (
          <Button loading={writing} onClick={onApply}>
            {t('apply', { count: written })}
          </Button>
        )}
      </div>
      <PreviewRows preview={preview} />
    </>
  )
}

function PreviewRows({ preview }: { preview: ImportPreview }) {
  const t = useTexts()
  const [only, setOnly] = useState<'all' | 'errors'>('all')
  const [most, setMost] = useState(STEP)
  const rows = useMemo(() => ordered(preview.rows), [preview.rows])
  const all = only === 'all' ? rows : rows.filter(({ state }) => state === 'error')
  const errors = preview.counts.errors
  return (
    <Card
      flush
      title={t('result')}
      actions={
        errors > 0 && (
          <div className={css.tools}>
            <SegmentedControl
              size="xs"
              aria-label={t('shown')}
              value={only}
              onChange={(next) => setOnly(next === 'errors' ? 'errors' : 'all')}
              data={[
                { value: 'all', label: t('shown.all') },
                { value: 'errors', label: t('shown.errors') },
              ]}
            />
            <SaveCsv
              name="import-errors"
              of={t('errors')}
              rows={() => errorTable([t('row'), t('column'), t('value'), t('message')], preview.rows)}
            />
          </div>
        )
      }
    >
      <table className={`${ui.table} ${ui.stack}`}>
        <thead>
          <tr>
            <th>{t('row')}</th>
            <th>{t('state')}</th>
            <th>{t('name')}</th>
            <th>{t('department')}</th>
            <th>{t('about')}</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, most).map((row) => (
            <PreviewRow key={row.row} row={row} />
          ))}
        </tbody>
      </table>
      {all.length > most && (
        <div className={ui.more}>
          <Button variant="default" onClick={() => setMost(most + STEP)}>
            {t('more', { left: all.length - most })}
          </Button>
        </div>
      )}
    </Card>
  )
}

function PreviewRow({ row }: { row: ImportRow }) {
  const t = useTexts()
  const { state, problems, changes } = row
  return (
    <tr data-row={row.row}>
      <td data-label={t('row')}>{row.row}</td>
      <td data-label={t('state')}>
        <Status tone={TONES[state]}>{t(`state.${state}`)}</Status>
      </td>
      <td className={ui.words} data-label={t('name')}>
        {row.name || '—'}
      </td>
      <td className={ui.words} data-label={t('department')}>
        {row.department || '—'}
      </td>
      <td className={ui.whole}>
        <ul className={css.notes}>
          {problems.map((problem) => (
            <Problem key={`${problem.column} ${problem.code} ${problem.value}`} problem={problem} />
          ))}
          {state === 'new' && <li className={css.quiet}>{valuesOf(changes)}</li>}
          {state === 'changed' &&
            changes.map(({ column, heading, before, after }) => (
              <li key={column}>
                {heading}: <del>{before || t('empty')}</del> → <ins>{after || t('empty')}</ins>
              </li>
            ))}
        </ul>
      </td>
    </tr>
  )
}

/** valuesOf is what a new person brings along, beside what has columns of its own. */
const valuesOf = (changes: ImportRow['changes']) =>
  changes
    .filter(({ column }) => column !== 'name' && column !== 'department')
    .map(({ heading, after }) => `${heading}: ${after}`)
    .join(' · ')

function Problem({ problem }: { problem: ImportProblem }) {
  const { heading, message, value, warning } = problem
  return (
    <li className={warning ? css.warning : css.wrong}>
      <strong>{heading}</strong>: {message}
      {value && <code>{value}</code>}
    </li>
  )
}
