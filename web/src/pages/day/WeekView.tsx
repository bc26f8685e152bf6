import { UnstyledButton } from '@mantine/core'
import { useMemo } from 'react'
import { useLanguage, type Language } from '../../i18n/i18n'
import { day as dayText, duration, time, weekday } from '../../lib/format'
import type { View } from '../../lib/timeline'
import { OutOfReach, useAway } from '../../ui/OutOfReach'
import { Card, Empty, Tiles } from '../../ui/Page'
import { SaveCsv } from '../../ui/SaveCsv'
import ui from '../../ui/ui.module.css'
import css from './day.module.css'
import { useTexts } from './texts'
import { clockFrame, seen, usualDay, type Week, type WeekDay } from './week'
import { WeekAxis, WeekStrip } from './WeekStrip'

interface Props {
  week: Week
  /** What the card is called where the page is about more than the week. */
  title?: string
  today: string
  onDay: (date: string) => void
}

/** WeekView is seven days of one person or computer: each a row that leads to the day. */
export function WeekView({ week, title, today, onDay }: Props) {
  const t = useTexts()
  const away = useAway()
  const frame = useMemo(() => clockFrame(week.days), [week])
  const file = useFile(week)
  if (frame === undefined && away) return <OutOfReach />
  if (frame === undefined) {
    return (
      <section className={ui.card}>
        <Empty title={t('week.empty')} hint={t('week.empty.hint')} />
      </section>
    )
  }
  return (
    <>
      <Totals week={week} today={today} />
      <Card title={title ?? t('week')} actions={<SaveCsv name={week.from} rows={file} />} flush>
        <table className={`${ui.table} ${css.week}`}>
          <thead>
            <tr>
              <th>{t('dayOf')}</th>
              <th className={css.weekLanes}>
                <span className={ui.spoken}>{t('timeline')}</span>
                <WeekAxis frame={frame} />
              </th>
              <th>{t('hours')}</th>
              <th className={ui.number}>{t('active')}</th>
              <th className={ui.number}>{t('idleTime')}</th>
              <th className={css.weekTop}>{t('applications')}</th>
            </tr>
          </thead>
          <tbody>
            {week.days.map((day) => (
              <Row
                key={day.date}
                day={day}
                frame={frame}
                zone={week.zone}
                future={day.date > today}
                onDay={onDay}
              />
            ))}
          </tbody>
        </table>
        <Legend />
      </Card>
    </>
  )
}

interface RowProps {
  day: WeekDay
  frame: View
  zone: string
  future: boolean
  onDay: Props['onDay']
}

function Row({ day, frame, zone, future, onDay }: RowProps) {
  const t = useTexts()
  const language = useLanguage()
  const { firstAt, lastAt, activeSeconds, idleSeconds } = day.totals
  const name = nameOf(day.date, language)
  const clock = firstAt && `${time(Date.parse(firstAt), zone)}–${time(Date.parse(lastAt ?? firstAt), zone)}`
  const length = (seconds: number) => (seconds > 0 ? duration(seconds, language) : '—')
  return (
    <tr data-day={day.date} data-empty={firstAt === undefined || undefined}>
      <td>
        <UnstyledButton
          className={css.weekDay}
          title={t('showDay', { day: name })}
          onClick={() => onDay(day.date)}
          disabled={future}
        >
          <strong>{weekday(day.date, language)}</strong>
          <small>{dayText(day.date, language)}</small>
        </UnstyledButton>
      </td>
      <td
        className={css.weekLanes}
        onClick={() => !future && onDay(day.date)}
        data-future={future || undefined}
      >
        <WeekStrip day={day} frame={frame} zone={zone} />
      </td>
      <td className={ui.nowrap} data-label={t('hours')}>
        {clock ?? '—'}
      </td>
      <td className={ui.number} data-label={t('active')}>
        {length(activeSeconds)}
      </td>
      <td className={ui.number} data-label={t('idleTime')}>
        {length(idleSeconds)}
      </td>
      <td className={css.weekTop}>{day.topApplications.map(({ name: used }) => used).join(', ')}</td>
    </tr>
  )
}

function Totals({ week, today }: { week: Week; today: string }) {
  const t = useTexts()
  const language = useLanguage()
  const { activeSeconds, idleSeconds, lockedSeconds } = week.totals
  const days = seen(week).length
  const usual = usualDay(week, today)
  return (
    <Tiles
      items={[
        {
          label: t('active'),
          value: duration(activeSeconds, language),
          note: t('daysSeen', { count: days }),
        },
        { label: t('average'), value: usual === undefined ? '—' : duration(usual, language) },
        { label: t('idleTime'), value: duration(idleSeconds, language) },
        { label: t('lockedTime'), value: duration(lockedSeconds, language) },
      ]}
    />
  )
}

function Legend() {
  const t = useTexts()
  return (
    <ul className={css.legend}>
      {(['active', 'idle', 'locked'] as const).map((lane) => (
        <li key={lane}>
          <svg width="20" height="12" aria-hidden="true">
            <rect width="20" height="12" rx="2" className={css[`week-${lane}`]} />
          </svg>
          {t(lane === 'active' ? 'active' : lane === 'idle' ? 'idleTime' : 'lockedTime')}
        </li>
      ))}
    </ul>
  )
}

const nameOf = (date: string, language: Language) => `${weekday(date, language)}, ${dayText(date, language)}`

/** useFile returns the week as a file's rows, one a day. */
function useFile(week: Week): () => string[][] {
  const t = useTexts()
  const clock = (at?: string) => (at ? time(Date.parse(at), week.zone) : '')
  return () => {
    const head = [
      t('dayOf'),
      t('first'),
      t('last'),
      t('active'),
      t('idleTime'),
      t('lockedTime'),
      t('applications'),
    ]
    const rows = week.days.map(({ date, totals, topApplications }) => [
      date,
      clock(totals.firstAt),
      clock(totals.lastAt),
      String(totals.activeSeconds),
      String(totals.idleSeconds),
      String(totals.lockedSeconds),
      topApplications.map(({ name }) => name).join(', '),
    ])
    return [head, ...rows]
  }
}
