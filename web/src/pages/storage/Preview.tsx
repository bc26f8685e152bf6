import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { answer, api } from '../../api/client'
import type { RetentionPlan } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { bytes, dateTime, day, number } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { DownIcon, RightIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { IconButton, Status } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './storage.module.css'
import { useTexts } from './texts'
import { useKind, useTerms } from './words'

/** Preview says what a run would take away at this moment, kind by kind and day by day. */
export function Preview({ organizationId, zone }: { organizationId?: number; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const trial = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/retention/preview', { body: { organizationId } })),
  })
  const plans = (trial.data?.kinds ?? []).filter(({ items }) => items.length > 0)
  const file = useFile(plans)
  const at = trial.data && dateTime(Date.parse(trial.data.at), zone, language)
  const tools = (
    <div className={css.tools}>
      {plans.length > 0 && <SaveCsv name="retention-preview" of={t('preview')} rows={file} />}
      <Button size="xs" loading={trial.isPending} onClick={() => trial.mutate()}>
        {t(trial.data ? 'preview.again' : 'preview.run')}
      </Button>
    </div>
  )
  return (
    <Card title={t('preview')} actions={tools} flush>
      <p className={css.hint} role="status">
        {trial.data ? t(plans.length > 0 ? 'preview.at' : 'preview.none', { at }) : t('preview.hint')}
      </p>
      {trial.isError && <ErrorNote error={trial.error} />}
      {plans.length > 0 && <Plans plans={plans} />}
    </Card>
  )
}

function Plans({ plans }: { plans: RetentionPlan[] }) {
  const t = useTexts()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('resource')}</th>
          <th>{t('then')}</th>
          <th>{t('before')}</th>
          <th className={ui.number}>{t('rows')}</th>
          <th className={ui.number}>{t('files')}</th>
          <th className={ui.number}>{t('bytes')}</th>
          <th className={ui.number}>{t('held')}</th>
        </tr>
      </thead>
      <tbody>
        {plans.map((plan) => (
          <Plan key={plan.kind} plan={plan} />
        ))}
      </tbody>
    </table>
  )
}

function Plan({ plan }: { plan: RetentionPlan }) {
  const t = useTexts()
  const language = useLanguage()
  const what = useKind()(plan.kind)
  const terms = useTerms()(plan)
  const [opened, setOpened] = useState(false)
  const count = (value: number) => (value > 0 ? number(value, language) : '—')
  return (
    <Fragment>
      <tr data-plan={plan.kind}>
        <td className={ui.whole}>
          <span className={css.opener}>
            <IconButton label={t('daysOf', { what })} expanded={opened} onClick={() => setOpened(!opened)}>
              {opened ? <DownIcon size={16} /> : <RightIcon size={16} />}
            </IconButton>
            <strong>{what}</strong>
          </span>
        </td>
        <td data-label={t('then')}>{terms.then}</td>
        <td data-label={t('before')}>{plan.before ? day(plan.before, language) : '—'}</td>
        <td data-label={t('rows')} className={ui.number}>
          {count(plan.rows)}
        </td>
        <td data-label={t('files')} className={ui.number}>
          {count(plan.files)}
        </td>
        <td data-label={t('bytes')} className={ui.number}>
          {plan.bytes > 0 ? bytes(plan.bytes, language) : '—'}
        </td>
        <td data-label={t('held')} className={ui.number}>
          {count(plan.heldRows || plan.heldFiles)}
        </td>
      </tr>
      {opened && (
        <tr>
          <td colSpan={7} className={ui.whole}>
            <Days plan={plan} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

const STEP = 60

function Days({ plan }: { plan: RetentionPlan }) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const [shown, setShown] = useState(STEP)
  return (
    <>
      <ul className={css.planned}>
        {plan.items.slice(0, shown).map((item) => (
          <li key={item.day}>
            <span>{day(item.day, language)}</span>
            <span className={ui.quiet}>
              {t('rows')}: {number(item.rows, language)}
              {item.files > 0 && ` · ${t('files')}: ${number(item.files, language)}`}
            </span>
            {item.held && <Status tone="good">{t('heldDay')}</Status>}
            {item.unfinished && <Status tone="warn">{t('unfinished')}</Status>}
          </li>
        ))}
      </ul>
      {shown < plan.items.length && (
        <Button variant="default" size="xs" onClick={() => setShown(shown + STEP)}>
          {common('more')}
        </Button>
      )}
    </>
  )
}

function useFile(plans: RetentionPlan[]): () => string[][] {
  const t = useTexts()
  const kind = useKind()
  return () => [
    [
      t('resource'),
      t('day'),
      t('then'),
      t('rows'),
      t('files'),
      `${t('bytes')}, ${t('bytes.unit')}`,
      t('held'),
    ],
    ...plans.flatMap((plan) =>
      plan.items.map((item) => [
        kind(plan.kind),
        item.day,
        t(plan.action),
        String(item.rows),
        String(item.files),
        String(item.bytes),
        item.held ? (item.holdId ?? t('heldDay')) : '',
      ]),
    ),
  ]
}
