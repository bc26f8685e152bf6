import { CloseButton, SegmentedControl, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import type { Day } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, time } from '../../lib/format'
import { SearchIcon } from '../../ui/icons'
import { OutOfReach, useAway } from '../../ui/OutOfReach'
import { Card, Empty, Tiles } from '../../ui/Page'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { parseZoom, zoomText, type Address, type ChangeAddress } from './address'
import css from './day.module.css'
import { busy, lanes, piecesOf } from './pieces'
import { Rows } from './Rows'
import { useTexts } from './texts'
import { Timeline } from './Timeline'
import { Top } from './Top'

/** DayView is one day of one person or computer: totals, lanes or their rows, and what was used most. */
export function DayView(props: { day: Day; address: Address; change: ChangeAddress }) {
  const { day, address, change } = props
  const t = useTexts()
  const away = useAway()
  const whole = useMemo(() => ({ from: Date.parse(day.from), to: Date.parse(day.to) }), [day])
  const pieces = useMemo(() => piecesOf(day), [day])
  const frame = useMemo(() => busy(pieces, whole), [pieces, whole])
  const [view, setView] = useState(() => parseZoom(address.zoom, whole) ?? frame ?? whole)
  const remember = useDebouncedCallback((zoom: string) => change({ zoom }, true), 300)
  const move = (next: typeof view) => {
    setView(next)
    remember(zoomText(next, whole))
  }
  const show = (name: string) => change({ find: name === address.find ? null : name }, true)

  if (frame === undefined && away) return <OutOfReach />
  if (frame === undefined) {
    return (
      <section className={ui.card}>
        <Empty title={t('empty.title')} hint={t('empty.hint')} />
      </section>
    )
  }
  return (
    <>
      <Totals day={day} />
      {day.truncated && (
        <p role="status" className={ui.warn}>
          {t('truncated')}
        </p>
      )}
      <Card title={t('timeline')} actions={<Choices address={address} change={change} />}>
        {address.table ? (
          <Rows pieces={lanes.flatMap((lane) => pieces[lane])} find={address.find} day={day} />
        ) : (
          <Timeline
            pieces={pieces}
            view={view}
            whole={whole}
            frame={frame}
            zone={day.zone}
            find={address.find}
            onMove={move}
          />
        )}
      </Card>
      <div className={css.tops}>
        <Top title={t('topApplications')} shares={day.topApplications} find={address.find} onShow={show} />
        <Top title={t('topSites')} shares={day.topSites} find={address.find} onShow={show} />
      </div>
    </>
  )
}

function Choices({ address, change }: { address: Address; change: ChangeAddress }) {
  const t = useTexts()
  const common = useCommon()
  return (
    <div className={css.choices}>
      <TextInput
        aria-label={t('find')}
        placeholder={t('find')}
        value={address.find}
        onChange={(event) => change({ find: event.currentTarget.value }, true)}
        leftSection={<SearchIcon size={16} />}
        rightSection={
          address.find && (
            <CloseButton
              size="sm"
              aria-label={common('clear')}
              onClick={() => change({ find: null }, true)}
            />
          )
        }
      />
      <SegmentedControl
        aria-label={t('view')}
        value={address.table ? 'table' : 'chart'}
        onChange={(chosen) => change({ view: chosen === 'table' ? chosen : null }, true)}
        data={[
          { value: 'chart', label: t('chart') },
          { value: 'table', label: t('table') },
        ]}
      />
    </div>
  )
}

function Totals({ day }: { day: Day }) {
  const t = useTexts()
  const language = useLanguage()
  const { activeSeconds, idleSeconds, lockedSeconds, firstAt, lastAt } = day.totals
  const clock = (at?: string) => (at ? time(Date.parse(at), day.zone) : '—')
  return (
    <Tiles
      items={[
        { label: t('first'), value: clock(firstAt) },
        { label: t('last'), value: clock(lastAt) },
        { label: t('active'), value: duration(activeSeconds, language) },
        { label: t('idleTime'), value: duration(idleSeconds, language) },
        { label: t('lockedTime'), value: duration(lockedSeconds, language) },
      ]}
    />
  )
}
