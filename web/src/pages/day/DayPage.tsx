import { Button, SegmentedControl, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useEmployee, useUser, useZone } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { addDays, day as dayText, isoDate, weekday, zoneLabel } from '../../lib/format'
import { DateBar } from '../../ui/dates/DateBar'
import { mondayOf } from '../../ui/dates/range'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { useKeys } from '../../ui/keys'
import { NewEmployee } from '../../ui/NewEmployee'
import { Empty, Page } from '../../ui/Page'
import { Rows, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useAddress, type Address, type ChangeAddress } from './address'
import css from './day.module.css'
import { DayView } from './DayView'
import { Gallery } from './shots/Gallery'
import { useTexts } from './texts'
import { WeekView } from './WeekView'

/** Today goes on while it is looked at. */
const REFRESH_MS = 60_000

/** How many names stand ready before anybody is chosen. */
const QUICK = 12

export default function DayPage() {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const [address, change] = useAddress()
  const employee = useEmployee(address.employee)
  const zone = useZone(employee.data?.organizationId)
  const today = isoDate(now, zone)
  const date = address.date ?? today
  const computer = address.computer
  const subject = address.kind === 'person' ? employee.data?.name : computer
  const week = address.span === 'week'
  const shown = week
    ? `${dayText(mondayOf(date), language)} – ${dayText(addDays(mondayOf(date), 6), language)}`
    : `${dayText(date, language)}, ${weekday(date, language)}`
  const go = (next: string) => change({ date: next === today ? null : next, zoom: null })
  useDateKeys({ date, today, week, go, change })
  return (
    <Page title={subject ?? t('title')} lead={`${shown} · ${zoneLabel(zone, now)}`}>
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t('of')}
          value={address.kind}
          onChange={(by) =>
            change({ by: by === 'computer' ? by : null, employee: null, computer: null, zoom: null })
          }
          data={[
            { value: 'person', label: t('person') },
            { value: 'computer', label: t('computer') },
          ]}
        />
        <div className={css.picker}>
          {address.kind === 'person' ? (
            <EmployeeSelect
              label={t('person')}
              hideLabel
              value={employee.data ?? null}
              onChoose={(chosen) => chosen && change({ employee: String(chosen.id), zoom: null })}
            />
          ) : (
            <ComputerSelect
              value={computer}
              onChoose={(uid) => change({ computer: uid, by: null, zoom: null })}
            />
          )}
        </div>
        <SegmentedControl
          aria-label={t('span')}
          value={address.span}
          onChange={(span) => change({ span: span === 'week' ? span : null, zoom: null, view: null })}
          data={[
            { value: 'day', label: t('span.day') },
            { value: 'week', label: t('span.week') },
          ]}
        />
        <DateBar date={date} today={today} step={address.span} onChange={go} />
      </div>
      <Body address={address} date={date} today={today} change={change} />
    </Page>
  )
}

/** useDateKeys walks through days or weeks, and between both, without a mouse. */
function useDateKeys(of: {
  date: string
  today: string
  week: boolean
  go: (date: string) => void
  change: ChangeAddress
}) {
  const t = useTexts()
  const step = of.week ? 7 : 1
  const next = addDays(of.date, step)
  useKeys([
    {
      keys: 'p',
      says: t(of.week ? 'key.previousWeek' : 'key.previous'),
      run: () => of.go(addDays(of.date, -step)),
    },
    {
      keys: 'n',
      says: t(of.week ? 'key.nextWeek' : 'key.next'),
      run: () => of.date < of.today && of.go(next > of.today ? of.today : next),
    },
    { keys: 't', says: t('key.today'), run: () => of.go(of.today) },
    {
      keys: 'w',
      says: t(of.week ? 'key.day' : 'key.week'),
      run: () => of.change({ span: of.week ? null : 'week', zoom: null, view: null }),
    },
  ])
}

interface BodyProps {
  address: Address
  date: string
  today: string
  change: ChangeAddress
}

function Body({ address, date, today, change }: BodyProps) {
  const subject = address.kind === 'person' ? address.employee : address.computer
  const of = { employee: address.employee, computer: address.computer }
  const week = address.span === 'week'
  const day = useQuery({
    queryKey: ['day', of, date],
    enabled: subject !== undefined && !week,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/monitoring/day', { params: { query: { ...of, date } }, signal })),
    refetchInterval: date === today && REFRESH_MS,
  })
  if (subject === undefined) return <Choose kind={address.kind} change={change} />
  if (week) return <WeekPart of={of} monday={mondayOf(date)} today={today} change={change} />
  if (day.isError) return <ErrorNote error={day.error} retry={() => void day.refetch()} />
  if (day.isPending) return <Rows count={7} />
  return (
    <>
      <DayView key={`${subject} ${date}`} day={day.data} address={address} change={change} />
      <Gallery of={of} date={date} zone={day.data.zone} />
    </>
  )
}

interface WeekPartProps {
  of: { employee?: number; computer?: string }
  monday: string
  today: string
  change: ChangeAddress
}

function WeekPart({ of, monday, today, change }: WeekPartProps) {
  const query = useQuery({
    queryKey: ['week', of, monday],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/monitoring/week', { params: { query: { ...of, from: monday } }, signal })),
    refetchInterval: monday === mondayOf(today) && REFRESH_MS,
  })
  if (query.isError) return <ErrorNote error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Rows count={7} />
  return (
    <WeekView
      week={query.data}
      today={today}
      onDay={(date) => change({ date: date === today ? null : date, span: null, zoom: null })}
    />
  )
}

function ComputerSelect(props: { value?: string; onChoose: (uid: string) => void }) {
  const t = useTexts()
  const common = useCommon()
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed, 200)
  const query = useQuery({
    queryKey: ['computers', search],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/computers', {
          params: { query: { limit: 50, search: search || undefined } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
  const found = (query.data?.items ?? []).map(({ computerUid, name }) => ({
    value: computerUid,
    label: name || computerUid,
  }))
  const known =
    props.value && !found.some(({ value }) => value === props.value)
      ? [{ value: props.value, label: props.value }, ...found]
      : found
  return (
    <Select
      aria-label={t('computer')}
      placeholder={t('computer.find')}
      searchable
      data={known}
      value={props.value ?? null}
      onChange={(uid) => uid && props.onChoose(uid)}
      // The chosen label stands in the field too, and is no search.
      onSearchChange={(text) => setTyped(known.some(({ label }) => label === text) ? '' : text)}
      filter={({ options }) => options}
      nothingFoundMessage={common('nothing')}
    />
  )
}

/** Choose is the page before anybody is chosen: the first of the list are one click away. */
function Choose({ kind, change }: { kind: Address['kind']; change: ChangeAddress }) {
  const t = useTexts()
  const people = useQuery({
    queryKey: ['employees', ''],
    enabled: kind === 'person',
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/employees', { params: { query: { limit: 50 } }, signal })),
  })
  const computers = useQuery({
    queryKey: ['computers', ''],
    enabled: kind === 'computer',
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/computers', { params: { query: { limit: 50 } }, signal })),
  })
  const list = kind === 'person' ? people : computers
  if (list.isError) return <ErrorNote error={list.error} retry={() => void list.refetch()} />
  if (list.isPending) return <Rows count={3} />
  if (list.data.items.length === 0) return <Nobody kind={kind} change={change} />
  return (
    <section className={ui.card}>
      <Empty title={t(`choose.${kind}`)} hint={t('choose.hint')}>
        <div className={css.quick}>
          {people.data?.items.slice(0, QUICK).map(({ id, name }) => (
            <Button key={id} variant="default" onClick={() => change({ employee: String(id) })}>
              {name}
            </Button>
          ))}
          {computers.data?.items.slice(0, QUICK).map(({ computerUid, name }) => (
            <Button
              key={computerUid}
              variant="default"
              onClick={() => change({ computer: computerUid, by: null })}
            >
              {name || computerUid}
            </Button>
          ))}
        </div>
      </Empty>
    </section>
  )
}

/** Nobody says how the first person, or the first computer, gets here. */
function Nobody({ kind, change }: { kind: Address['kind']; change: ChangeAddress }) {
  const t = useTexts()
  const common = useCommon()
  const mayAdd = ['ADMIN', 'HR'].includes(useUser().role)
  const [making, setMaking] = useState(false)
  return (
    <section className={ui.card}>
      <Empty title={t(`none.${kind}`)} hint={t(`none.${kind}.hint`)}>
        <div className={css.quick}>
          {kind === 'person' && mayAdd && (
            <Button onClick={() => setMaking(true)}>{common('employee.new')}</Button>
          )}
          <Button component={Link} href="/computers" variant="default">
            {t('none.computers')}
          </Button>
        </div>
      </Empty>
      {making && (
        <NewEmployee
          onMade={({ id }) => {
            setMaking(false)
            change({ employee: String(id) })
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </section>
  )
}
