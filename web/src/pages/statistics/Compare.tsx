import { Button, SegmentedControl, UnstyledButton } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useDepartmentTree } from '../../api/departments'
import type { Compared, Comparison } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, percent } from '../../lib/format'
import type { ChangeUrl } from '../../lib/urlState'
import { Bar } from '../../ui/Bar'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { comparisons, type Address, type Asked } from './address'
import css from './statistics.module.css'
import { useTexts } from './texts'
import { colourOf } from './Timeline'
import { useChange, useCount, useDates } from './words'

/** The most that the server compares at once. */
const MOST = 500
const FIRST = 15
const PERIODS = 6

interface Props {
  asked: Asked
  address: Address
  change: ChangeUrl
}

/** Compare has people, departments or periods side by side; each leads to the page about it alone. */
export function Compare({ asked, address, change }: Props) {
  const t = useTexts()
  const { kind, name, of } = address
  const more = of === 'periods' ? { periods: PERIODS } : { limit: MOST }
  const query = useQuery({
    queryKey: ['statistics', 'comparison', asked, kind, name, of],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/activity/comparison', {
          params: { query: { ...asked, kind, name, of, ...more } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
  // What is still shown of the question before has other columns.
  const data = query.data?.of === of ? query.data : undefined
  const file = useFile(data, asked.organization)
  const tools = (
    <div className={css.tools}>
      <SegmentedControl
        size="xs"
        aria-label={t('of')}
        value={of}
        onChange={(next) => change({ of: next })}
        data={comparisons.map((value) => ({ value, label: t(value) }))}
      />
      <SaveCsv name={`${of}-${asked.from}`} of={t('comparison')} rows={file} disabled={!data} />
    </div>
  )
  return (
    <Card title={t('comparison')} actions={tools} flush={data !== undefined && data.items.length > 0}>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {!query.isError && !data && <Rows count={6} />}
      {data?.items.length === 0 && <p className={ui.quiet}>{t('comparison.none')}</p>}
      {data && data.items.length > 0 && (
        <Table key={of} comparison={data} organization={asked.organization} change={change} />
      )}
    </Card>
  )
}

/** useNames returns what is compared by its name, and what it belongs to. */
function useNames(organization?: number): (item: Compared) => { name: string; belongs?: string } {
  const dates = useDates()
  const { branches } = useDepartmentTree(organization)
  return (item) =>
    item.from && item.to
      ? { name: dates(item.from, item.to) }
      : { name: item.name || '—', belongs: branches.find(({ id }) => id === item.departmentId)?.name }
}

interface TableProps {
  comparison: Comparison
  organization?: number
  change: ChangeUrl
}

function Table({ comparison, organization, change }: TableProps) {
  const t = useTexts()
  const common = useCommon()
  const [shown, setShown] = useState(FIRST)
  const { of, items } = comparison
  const compared = (comparison.previous?.totalSeconds ?? 0) > 0
  const most = Math.max(...items.map(({ seconds }) => seconds), 1)
  const choose = (item: Compared) => {
    if (of === 'periods') return change({ from: item.from, to: item.to, range: null }, { push: true })
    if (of === 'departments')
      return change({ departmentId: item.id, department: null, of: 'employees' }, { push: true })
    return change({ employee: item.id, of: null }, { push: true })
  }
  return (
    <>
      <table className={`${ui.table} ${css.compare}`}>
        <thead>
          <tr>
            <th>{t(of === 'periods' ? 'period' : of === 'departments' ? 'department' : 'employee')}</th>
            <th className={ui.number}>{t('time')}</th>
            <th className={ui.number}>{t('share')}</th>
            {compared && <th className={ui.number}>{t('change')}</th>}
            {of === 'departments' && <th className={ui.number}>{t('people')}</th>}
            {of === 'departments' && <th className={ui.number}>{t('each')}</th>}
            <th>{t('mostly')}</th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, shown).map((item) => (
            <Row
              key={item.id ?? item.from}
              item={item}
              of={of}
              most={most}
              compared={compared}
              kind={comparison.kind}
              organization={organization}
              onChoose={() => choose(item)}
            />
          ))}
          <Unlinked comparison={comparison} compared={compared} />
        </tbody>
      </table>
      {shown < items.length && (
        <div className={ui.more}>
          <Button variant="default" onClick={() => setShown(shown + 3 * FIRST)}>
            {common('more')}
          </Button>
        </div>
      )}
    </>
  )
}

interface RowProps {
  item: Compared
  of: Comparison['of']
  most: number
  /** Whether there is a period before to compare with. */
  compared: boolean
  kind: string
  organization?: number
  onChoose: () => void
}

function Row({ item, of, most, compared, kind, organization, onChoose }: RowProps) {
  const t = useTexts()
  const language = useLanguage()
  const count = useCount()
  const grown = useChange()
  const { name, belongs } = useNames(organization)(item)
  return (
    <tr>
      <td>
        <UnstyledButton className={css.name} title={t('choose', { name })} onClick={onChoose}>
          {name}
        </UnstyledButton>
        {belongs && <span className={ui.sub}>{belongs}</span>}
        <Bar share={item.seconds / most} colour={colourOf(kind)} />
      </td>
      <td className={ui.number} data-label={t('time')}>
        {item.seconds > 0 ? duration(item.seconds, language) : '—'}
      </td>
      <td className={ui.number} data-label={t('share')}>
        {percent(item.share, language, item.share < 0.1 ? 1 : 0)}
      </td>
      {compared && (
        <td className={ui.number} data-label={t('change')}>
          {grown(item.seconds, item.previousSeconds ?? 0)}
        </td>
      )}
      {of === 'departments' && (
        <td className={ui.number} data-label={t('people')}>
          {count(item.employees ?? 0)}
        </td>
      )}
      {of === 'departments' && (
        <td className={ui.number} data-label={t('each')}>
          {item.secondsPerEmployee ? duration(item.secondsPerEmployee, language) : '—'}
        </td>
      )}
      <td className={css.mostly} data-label={t('mostly')}>
        {item.top.map((one) => one.name || t('nameless')).join(', ') || '—'}
      </td>
    </tr>
  )
}

const unlinkedShare = ({ totalSeconds, unlinkedSeconds }: Comparison): number =>
  unlinkedSeconds / (totalSeconds || 1)

/** Unlinked is the time of Windows users that are nobody's: with it the rows add up to the page's total. */
function Unlinked({ comparison, compared }: { comparison: Comparison; compared: boolean }) {
  const t = useTexts()
  const language = useLanguage()
  const { of, unlinkedSeconds } = comparison
  if (unlinkedSeconds === 0) return null
  const share = unlinkedShare(comparison)
  return (
    <tr data-unlinked>
      <td className={ui.quiet}>{t('unlinked')}</td>
      <td className={ui.number} data-label={t('time')}>
        {duration(unlinkedSeconds, language)}
      </td>
      <td className={ui.number} data-label={t('share')}>
        {percent(share, language, share < 0.1 ? 1 : 0)}
      </td>
      <td colSpan={(compared ? 1 : 0) + (of === 'departments' ? 2 : 0) + 1} />
    </tr>
  )
}

function useFile(comparison: Comparison | undefined, organization?: number): () => string[][] {
  const t = useTexts()
  const names = useNames(organization)
  const seconds = t('seconds')
  const text = (value?: number) => (value === undefined ? '' : String(value))
  return () => [
    [
      t('name'),
      t('department'),
      `${t('time')}, ${seconds}`,
      t('share'),
      `${t('before')}, ${seconds}`,
      t('people'),
      `${t('each')}, ${seconds}`,
      t('mostly'),
    ],
    ...(comparison?.items ?? []).map((item) => {
      const { name, belongs = '' } = names(item)
      return [
        name,
        belongs,
        text(item.seconds),
        text(item.share),
        text(item.previousSeconds),
        text(item.employees),
        text(item.secondsPerEmployee),
        item.top.map((one) => one.name).join(', '),
      ]
    }),
    ...(comparison?.unlinkedSeconds
      ? [
          [
            t('unlinked'),
            '',
            text(comparison.unlinkedSeconds),
            unlinkedShare(comparison).toFixed(4),
            '',
            '',
            '',
            '',
          ],
        ]
      : []),
  ]
}
