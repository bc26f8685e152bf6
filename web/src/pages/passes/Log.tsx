import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { time } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty } from '../../ui/Page'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Face } from './Face'
import { Filters } from './Filters'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors, Pass } from './types'
import { usePassesOf, type Asked } from './usePasses'
import { problemOf, wayOf } from './words'

interface Props {
  doors: Doors
  date: string
  organizationId?: number
}

/** askedOf reads the filters from the address. */
function askedOf(params: URLSearchParams): Asked {
  const way = params.get('way')
  return {
    department: idOf(params.get('departmentId')),
    device: idOf(params.get('door')),
    direction: way === 'ENTER' || way === 'EXIT' ? way : undefined,
    granted: way === 'REFUSED' ? false : undefined,
  }
}

/** Log is the day's passes, the latest first; those of today come by themselves. */
export function Log({ doors, date, organizationId }: Props) {
  const t = useTexts()
  const [params, change] = useUrlState()
  const asked = askedOf(params)
  const list = usePassesOf(doors, date, asked, organizationId)
  const filtered = Object.values(asked).some((value) => value !== undefined)
  const clear = () => change({ departmentId: null, door: null, way: null })
  return (
    <Card title={t('tab.log')} flush>
      <Filters doors={doors} date={date} />
      {date === doors.date && <News key={JSON.stringify(asked)} passes={list.items} zone={doors.zone} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={8} />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty title={t('none.title')} hint={t(filtered ? 'none.filtered' : 'none.hint')}>
          {filtered && (
            <Button variant="default" onClick={clear}>
              {t('clear')}
            </Button>
          )}
        </Empty>
      )}
      <ul className={css.log} aria-label={t('list')}>
        {list.items.map((pass) => (
          <Row key={pass.id} pass={pass} doors={doors} />
        ))}
      </ul>
      <More list={list} />
    </Card>
  )
}

const doorOf = (pass: Pass) => pass.deviceName || pass.deviceAddress

function Row({ pass, doors }: { pass: Pass; doors: Doors }) {
  const t = useTexts()
  const actor = useActor()
  const way = wayOf(pass)
  const name = pass.employeeName || pass.personName || t('someone')
  const department = doors.departments.find(({ id }) => id === pass.departmentId)?.name
  const problem = problemOf(pass.problem)
  return (
    <li className={css.row} data-pass={pass.id} data-way={way}>
      <Face
        name={pass.employeeName || pass.personName || ''}
        employeeId={pass.employeeId}
        photoVersion={pass.photoVersion}
      />
      <span className={css.who}>
        <span className={css.name}>{name}</span>
        <small>
          {[department, doorOf(pass) || (pass.source === 'person' && t('byHand'))]
            .filter(Boolean)
            .join(' · ')}
        </small>
        {problem && <small className={css.bad}>{t(problem)}</small>}
        {pass.reason && <small>{`${actor(pass.enteredBy)}: ${pass.reason}`}</small>}
      </span>
      <span className={css.way}>
        <span aria-hidden="true">{MARKS[way]}</span> {t(way)}
      </span>
      <time className={css.at} dateTime={pass.at}>
        {time(Date.parse(pass.at), doors.zone, true)}
      </time>
    </li>
  )
}

const MARKS = { ENTER: '→', EXIT: '←', REFUSED: '✕', UNKNOWN: '?' }

/** News tells who cannot see the list of what came last since the page was opened. */
function News({ passes, zone }: { passes: Pass[]; zone: string }) {
  const t = useTexts()
  const [said, setSaid] = useState('')
  const last = useRef<number>(undefined)
  const newest = passes[0]
  useEffect(() => {
    const before = last.current
    last.current = newest?.id ?? before
    if (before === undefined || newest === undefined || newest.id === before) return
    const name = newest.employeeName || newest.personName || t('someone')
    const at = time(Date.parse(newest.at), zone)
    setSaid(t('arrived', { name, way: t(wayOf(newest)), door: doorOf(newest) || t('byHand'), at }))
  }, [newest, t, zone])
  return (
    <span className={ui.spoken} role="status" aria-live="polite">
      {said}
    </span>
  )
}
