import { SegmentedControl, UnstyledButton } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { answer, api } from '../../api/client'
import type { ActivityTimeline } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { day, duration, isoDate, time, weekday } from '../../lib/format'
import type { ChangeUrl } from '../../lib/urlState'
import { Bar } from '../../ui/Bar'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import ui from '../../ui/ui.module.css'
import type { Address, Asked } from './address'
import { Chart, type Point } from './Chart'
import { stepOf } from './numbers'
import css from './statistics.module.css'
import { useTexts } from './texts'
import { useCount } from './words'

interface Props {
  asked: Asked
  address: Address
  change: ChangeUrl
}

/** Timeline is how much there was day by day, or hour by hour: bars, or the same as a table. */
export function Timeline({ asked, address, change }: Props) {
  const t = useTexts()
  const { kind, name } = address
  const step = stepOf(address.days)
  const query = useQuery({
    queryKey: ['statistics', 'timeline', asked, kind, name, step],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/activity/timeline', { params: { query: { ...asked, kind, name, step } }, signal }),
      ),
    placeholderData: keepPreviousData,
  })
  const points = usePoints(query.data)
  const open = useOpen(address, change)
  const title = t(step === 'hour' ? 'timeline.hour' : 'timeline')
  const tools = (
    <div className={css.tools}>
      <SegmentedControl
        size="xs"
        aria-label={t('view')}
        value={address.table ? 'table' : 'chart'}
        onChange={(view) => change({ view: view === 'table' ? view : null })}
        data={[
          { value: 'chart', label: t('chart') },
          { value: 'table', label: t('table') },
        ]}
      />
      <SaveCsv name={`${kind}-${step}-${asked.from}`} of={title} rows={useFile(points)} />
    </div>
  )
  return (
    <Card title={title} actions={tools}>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Rows count={4} />}
      {query.data && address.table && <Table points={points} step={query.data.step} onOpen={open} />}
      {query.data && !address.table && (
        <Chart points={points} label={title} colour={colourOf(kind)} onOpen={open} />
      )}
    </Card>
  )
}

export const colourOf = (kind: string): string => (kind === 'sites' ? 'var(--series-3)' : 'var(--series-1)')

function usePoints(timeline?: ActivityTimeline): Point[] {
  const language = useLanguage()
  if (!timeline) return []
  return timeline.points.map(({ at, seconds, events }) => {
    const instant = Date.parse(at)
    const date = isoDate(instant, timeline.zone)
    const short = day(date, language).slice(0, -5)
    const clock = time(instant, timeline.zone)
    const hourly = timeline.step !== 'day'
    return {
      at,
      date,
      seconds,
      events,
      tick: hourly ? clock : short,
      name: hourly ? `${short}, ${clock}` : `${short}, ${weekday(date, language)}`,
    }
  })
}

/** useOpen leads from a bar to its day: a person's own page of it, or this page with that day alone. */
function useOpen({ employee, days }: Address, change: ChangeUrl): ((date: string) => void) | undefined {
  const [, navigate] = useLocation()
  if (employee !== undefined) return (date) => navigate(`/day?employee=${employee}&date=${date}`)
  if (days === 1) return undefined
  return (date) => change({ from: date, to: date, range: null }, { push: true })
}

interface TableProps {
  points: Point[]
  step: ActivityTimeline['step']
  onOpen?: (date: string) => void
}

function Table({ points, onOpen }: TableProps) {
  const t = useTexts()
  const language = useLanguage()
  const count = useCount()
  const most = Math.max(...points.map(({ seconds }) => seconds), 1)
  return (
    <table className={`${ui.table} ${css.points}`}>
      <thead>
        <tr>
          <th>{t('at')}</th>
          <th className={ui.number}>{t('time')}</th>
          <th className={ui.number}>{t('events')}</th>
        </tr>
      </thead>
      <tbody>
        {points.map(({ at, date, name, seconds, events }) => (
          <tr key={at}>
            <td>
              {onOpen ? (
                <UnstyledButton
                  className={css.name}
                  title={t('showDay', { day: name })}
                  onClick={() => onOpen(date)}
                >
                  {name}
                </UnstyledButton>
              ) : (
                name
              )}
              <Bar share={seconds / most} colour="var(--series-1)" />
            </td>
            <td className={ui.number}>{seconds > 0 ? duration(seconds, language) : '—'}</td>
            <td className={ui.number}>{count(events)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function useFile(points: Point[]): () => string[][] {
  const t = useTexts()
  return () => [
    [t('at'), `${t('time')}, ${t('seconds')}`, t('events')],
    ...points.map(({ at, seconds, events }) => [at, String(seconds), String(events)]),
  ]
}
