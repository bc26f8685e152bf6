import { SegmentedControl } from '@mantine/core'
import { useMemo } from 'react'
import { usePages } from '../../api/queries'
import { answer, api } from '../../api/client'
import { useLanguage } from '../../i18n/i18n'
import { addDays, dateTime, day, duration, isoDate, startOfDay } from '../../lib/format'
import { bars, position, type View } from '../../lib/timeline'
import { useUrlState } from '../../lib/urlState'
import { ErrorNote } from '../../ui/ErrorNote'
import { toneOf, useStateName, useWhy } from '../../ui/machine/words'
import { Card } from '../../ui/Page'
import { More, Rows, Status, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './computers.module.css'
import { stretches, type Stretch } from './history'
import { useTexts } from './texts'

const RANGES = [1, 7, 30] as const

/** History is when a computer was online and offline and why: a strip, and the same in words. */
export function History({ id, zone }: { id: number; zone: string }) {
  const t = useTexts()
  const now = useNow()
  const [params, change] = useUrlState()
  const days = RANGES.find((range) => String(range) === params.get('days')) ?? 7
  const list = usePages(['computer', id, 'states'], (after, signal) =>
    answer(
      api.GET('/api/v2/computers/{id}/states', {
        params: { path: { id }, query: { limit: 200, after } },
        signal,
      }),
    ),
  )
  const view = useMemo(() => {
    const last = isoDate(now, zone)
    return { from: startOfDay(addDays(last, 1 - days), zone), to: startOfDay(addDays(last, 1), zone) }
  }, [days, now, zone])
  const all = stretches(list.items, now)
  const shown = all.filter(({ to }) => to > view.from).reverse()
  const range = (
    <SegmentedControl
      aria-label={t('range')}
      size="xs"
      value={String(days)}
      onChange={(value) => change({ days: value === '7' ? null : value })}
      data={RANGES.map((value) => ({ value: String(value), label: t(`range.${value}`) }))}
    />
  )
  return (
    <Card title={t('history')} actions={range} flush>
      {list.isPending && <Rows count={4} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && shown.length === 0 && <p className={css.none}>{t('history.none')}</p>}
      {shown.length > 0 && (
        <>
          <Strip all={all} view={view} days={days} zone={zone} />
          <Table shown={shown} zone={zone} />
          <More list={list} />
        </>
      )}
    </Card>
  )
}

const WIDTH = 1000
const HEIGHT = 28

/** Strip is the history as a picture; the table under it says the same. */
function Strip({ all, view, days, zone }: { all: Stretch[]; view: View; days: number; zone: string }) {
  const language = useLanguage()
  const name = useStateName()
  const why = useWhy(zone)
  const midnights = Array.from({ length: days }, (_, n) =>
    startOfDay(addDays(isoDate(view.from, zone), n), zone),
  )
  const every = days > 7 ? 5 : 1
  return (
    <div className={css.history} aria-hidden="true">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={css.strip}>
        <rect width={WIDTH} height={HEIGHT} className={css.track} />
        {bars(all, view, WIDTH).map(({ x, width, main }) => (
          <rect key={x} x={x} width={width} height={HEIGHT} className={css[`strip-${toneOf(main.turn)}`]}>
            <title>
              {`${name(main.turn.state)}: ${why({ ...main.turn, since: main.turn.at })}, ${duration((main.to - main.from) / 1000, language)}`}
            </title>
          </rect>
        ))}
        {midnights.slice(1).map((at) => (
          <line
            key={at}
            x1={position(at, view, WIDTH)}
            x2={position(at, view, WIDTH)}
            y2={HEIGHT}
            className={css.midnight}
          />
        ))}
      </svg>
      <div className={css.axis}>
        {midnights.map((at, n) => (
          <span key={at}>{n % every === 0 && day(isoDate(at, zone), language).slice(0, -5)}</span>
        ))}
      </div>
    </div>
  )
}

function Table({ shown, zone }: { shown: Stretch[]; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const name = useStateName()
  const why = useWhy(zone)
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('since')}</th>
          <th>{t('state')}</th>
          <th>{t('why')}</th>
          <th className={ui.number}>{t('lasted')}</th>
          <th>{t('agent')}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ from, to, turn }) => (
          <tr key={from} data-state={turn.state}>
            <td className={`${ui.whole} ${ui.nowrap}`}>{dateTime(from, zone, language)}</td>
            <td data-label={t('state')}>
              <Status tone={toneOf(turn)}>{name(turn.state)}</Status>
            </td>
            <td data-label={t('why')}>
              {turn.reason === 'reporting' ? '—' : why({ ...turn, since: undefined })}
            </td>
            <td data-label={t('lasted')} className={ui.number}>
              {duration((to - from) / 1000, language)}
            </td>
            <td data-label={t('agent')} className={ui.nowrap}>
              {turn.version || '—'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
