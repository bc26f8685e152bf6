import { Button, CloseButton, Select, TextInput } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import { useLanguage } from '../../i18n/i18n'
import { number, time } from '../../lib/format'
import { SearchIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { Card } from '../../ui/Page'
import { Status } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { Name, Reason } from './Answers'
import { hours, lateness, orders, saidOf, shown, type Filter, type Order } from './people'
import { Strip, StripAxis } from './Strip'
import css from './today.module.css'
import { useTexts } from './texts'
import type { Person, Today } from './types'
import { shiftOf, TONES, useLate, useReason } from './words'

/** How many rows are drawn before the reader asks for more. */
const STEP = 100

interface Props {
  today: Today
  filter?: Filter
  find: string
  order?: Order
  now?: number
  /** Only who is here: no times, no computers. */
  bare: boolean
  dayOf: (person: Person) => string | undefined
  onChange: (change: { find?: string | null; order?: string | null; state?: null }) => void
}

/** Everyone is the day's table: each number of the strips is in its row. */
export function Everyone(props: Props) {
  const { today, filter, find, order, onChange } = props
  const t = useTexts()
  const language = useLanguage()
  const found = useMemo(() => shown(today.people, filter, find, order), [today, filter, find, order])
  const [count, setCount] = useState(STEP)
  const common = useCommon()
  const file = useFile(today, found, props.now !== undefined)
  return (
    <Card title={filter ? `${t('people')}: ${t(filter)}` : t('people')} flush actions={<Tools {...props} />}>
      <div className={css.listHead}>
        <span role="status">
          {t('count', { count: found.length }).replace(String(found.length), number(found.length, language))}
        </span>
        {!props.bare && <SaveCsv name={today.date} rows={file} />}
      </div>
      {found.length === 0 ? (
        <div className={css.nobody}>
          <p>{t('nobody')}</p>
          <Button variant="default" size="xs" onClick={() => onChange({ find: null, state: null })}>
            {t('nobody.clear')}
          </Button>
        </div>
      ) : (
        <Rows {...props} found={found.slice(0, count)} />
      )}
      {count < found.length && (
        <div className={ui.more}>
          <Button variant="default" onClick={() => setCount(count + STEP)}>
            {common('more')}
          </Button>
        </div>
      )}
    </Card>
  )
}

function Tools({ find, order, bare, onChange }: Props) {
  const t = useTexts()
  const common = useCommon()
  const search = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', says: common('search'), run: () => search.current?.focus() }])
  return (
    <div className={css.tools}>
      {!bare && (
        <Select
          aria-label={t('sort')}
          value={order ?? 'default'}
          data={(['default', ...orders] as const).map((value) => ({ value, label: t(`sort.${value}`) }))}
          onChange={(value) => onChange({ order: value === 'default' ? null : value })}
          allowDeselect={false}
        />
      )}
      <TextInput
        ref={search}
        aria-label={t('find')}
        placeholder={t('find')}
        value={find}
        onChange={(event) => onChange({ find: event.currentTarget.value })}
        leftSection={<SearchIcon size={16} />}
        rightSection={
          find && (
            <CloseButton size="sm" aria-label={common('clear')} onClick={() => onChange({ find: null })} />
          )
        }
      />
    </div>
  )
}

function Rows({ today, found, now, dayOf, bare }: Props & { found: Person[] }) {
  const t = useTexts()
  const view = useMemo(() => hours(today), [today])
  if (bare) return <Names today={today} found={found} now={now} dayOf={dayOf} />
  return (
    <table className={`${ui.table} ${ui.stack} ${css.everyone}`}>
      <thead>
        <tr>
          <th className={css.personCell}>{t('person')}</th>
          <th className={css.stateCell}>{t('state')}</th>
          <th>{t('arrival')}</th>
          <th>{t('seen')}</th>
          <th>{t('shift')}</th>
          <th className={css.stripCell}>
            <span className={ui.spoken}>{t('day')}</span>
            {view && <StripAxis view={view} zone={today.zone} />}
          </th>
        </tr>
      </thead>
      <tbody>
        {found.map((person) => (
          <tr key={person.employeeId} data-person={person.employeeId} data-state={person.state}>
            <td className={css.wide}>
              <Name person={person} href={dayOf(person)} />
              <span className={ui.sub}>{person.department}</span>
            </td>
            <StateCell person={person} today={today} live={now !== undefined} />
            <td data-label={t('arrival')} className={`${ui.nowrap} ${css.unseen}`}>
              <Came person={person} zone={today.zone} />
            </td>
            <td data-label={t('seen')} className={`${ui.nowrap} ${css.unseen}`}>
              {person.lastAt ? time(Date.parse(person.lastAt), today.zone) : '—'}
            </td>
            <td data-label={t('shift')} title={person.shiftName} className={ui.nowrap}>
              {shiftOf(person, today.zone) || '—'}
            </td>
            <td className={`${css.wide} ${css.stripCell}`}>
              {view && <Strip person={person} view={view} now={now} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Names are the rows of who may know only who is here. */
function Names({ today, found, now, dayOf }: Pick<Props, 'today' | 'now' | 'dayOf'> & { found: Person[] }) {
  const t = useTexts()
  return (
    <table className={`${ui.table} ${css.everyone}`}>
      <thead>
        <tr>
          <th>{t('person')}</th>
          <th>{t('state')}</th>
        </tr>
      </thead>
      <tbody>
        {found.map((person) => (
          <tr
            key={person.employeeId}
            data-person={person.employeeId}
            data-state={person.state}
            className={css.bare}
          >
            <td>
              <Name person={person} href={dayOf(person)} />
              <span className={ui.sub}>{person.department}</span>
            </td>
            <StateCell person={person} today={today} live={now !== undefined} bare />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface StateProps {
  person: Person
  today: Today
  bare?: boolean
  /** Whether the day goes on. */
  live: boolean
}

function StateCell({ person, today, bare, live }: StateProps) {
  const t = useTexts()
  const state = saidOf(person.state, live)
  const reason = useReason(today.zone)(person)
  return (
    <td className={css.wide}>
      <Status tone={TONES[state]}>{t(`is.${state}`)}</Status>
      {reason && !bare && (
        <span className={ui.sub}>
          <Reason person={person}>{reason}</Reason>
        </span>
      )}
    </td>
  )
}

function Came({ person, zone }: { person: Person; zone: string }) {
  const late = useLate()
  if (!person.firstAt) return '—'
  return (
    <span>
      {time(Date.parse(person.firstAt), zone)}
      {lateness(person) > 0 && <span className={`${ui.sub} ${css.late}`}>{late(person)}</span>}
    </span>
  )
}

/** useFile returns the shown people as a file's rows. */
function useFile(today: Today, found: Person[], live: boolean): () => string[][] {
  const t = useTexts()
  const reason = useReason(today.zone)
  const clock = (at?: string) => (at ? time(Date.parse(at), today.zone) : '')
  return () => {
    const head = [
      t('person'),
      t('department.label'),
      t('state'),
      t('arrival'),
      t('lateness'),
      t('seen'),
      t('shift'),
      t('computer'),
      '',
    ]
    const rows = found.map((person) => [
      person.name,
      person.department,
      t(`is.${saidOf(person.state, live)}`),
      clock(person.firstAt),
      lateness(person) > 0 ? String(lateness(person)) : '',
      clock(person.lastAt),
      shiftOf(person, today.zone),
      person.computer ?? '',
      reason(person),
    ])
    return [head, ...rows]
  }
}
