import { Button, CloseButton, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number } from '../../lib/format'
import { compareNames, fold } from '../../lib/fold'
import { ErrorNote } from '../../ui/ErrorNote'
import { PrintIcon, SearchIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { Card } from '../../ui/Page'
import { Rows, Status, useNow } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useAt } from '../visitors/useAt'
import { useVisits } from '../visitors/useVisits'
import { Face } from './Face'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors, Insider } from './types'
import { useInside } from './usePasses'

interface Present {
  key: string
  name: string
  employeeId?: number
  photoVersion?: string
  /** Of staff the department, of visitors whom they visit. */
  place: string
  visitor: boolean
  since: string
}

/** Inside is everybody who is in the house, staff and visitors, to be searched, counted and printed. */
export function Inside({ doors, organizationId }: { doors: Doors; organizationId?: number }) {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const staff = useInside(organizationId)
  const visits = useVisits('inside=true', organizationId)
  const [find, setFind] = useState('')
  const all = usePresent(doors, staff.data?.items, visits.data?.items)
  const wanted = fold(find.trim())
  const found = wanted ? all.filter(({ name, place }) => fold(`${name} ${place}`).includes(wanted)) : all
  const failed = staff.error ?? visits.error
  const ready = staff.isSuccess && visits.isSuccess
  const at = useAt(doors.zone)
  const whole = (iso: string) => dateTime(Date.parse(iso), doors.zone, language, now)
  const rows = () => [
    [t('person'), t('department'), t('since')],
    ...found.map(({ name, place, visitor, since }) => [
      name,
      visitor ? `${t('visitor')}, ${place}` : place,
      whole(since),
    ]),
  ]
  return (
    <Card title={t('inside.list')} flush actions={<Search value={find} onChange={setFind} />}>
      <p className={css.hint}>{t('inside.hint')}</p>
      {failed && (
        <ErrorNote error={failed} retry={() => void Promise.all([staff.refetch(), visits.refetch()])} />
      )}
      {!ready && !failed && <Rows count={6} />}
      {ready && (
        <>
          <div className={css.listHead}>
            <span role="status">
              {t('inside.count', { count: found.length }).replace(
                String(found.length),
                number(found.length, language),
              )}
            </span>
            <span className={css.tools}>
              <Button
                size="xs"
                variant="default"
                leftSection={<PrintIcon size={14} />}
                onClick={() => window.print()}
                disabled={found.length === 0}
              >
                {t('print')}
              </Button>
              <SaveCsv name={`inside-${doors.date}`} rows={rows} disabled={found.length === 0} />
            </span>
          </div>
          <p className={css.printed}>{t('printed', { at: dateTime(now, doors.zone, language, now) })}</p>
          {found.length === 0 && <p className={css.hint}>{t(find ? 'none.filtered' : 'inside.none')}</p>}
          <ul className={css.log} aria-label={t('inside.list')}>
            {found.map(({ key, name, employeeId, photoVersion, place, visitor, since }) => (
              <li key={key} className={css.row} data-inside={key}>
                <Face name={name} employeeId={employeeId} photoVersion={photoVersion} />
                <span className={css.who}>
                  <span className={css.name}>{name}</span>
                  <small>{place}</small>
                </span>
                <span className={css.way}>{visitor && <Status tone="warn">{t('visitor')}</Status>}</span>
                <time className={css.at} dateTime={since} title={t('since')}>
                  {at(since)}
                </time>
                <span className={css.box} aria-hidden="true" />
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}

function Search({ value, onChange }: { value: string; onChange: (find: string) => void }) {
  const t = useTexts()
  const common = useCommon()
  const field = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', says: common('search'), run: () => field.current?.focus() }])
  return (
    <TextInput
      ref={field}
      className={`${css.search} ${ui.nowrap}`}
      aria-label={t('inside.find')}
      placeholder={t('inside.find')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      leftSection={<SearchIcon size={16} />}
      rightSection={
        value && <CloseButton size="sm" aria-label={common('clear')} onClick={() => onChange('')} />
      }
    />
  )
}

/** usePresent joins staff and visitors, by name in either script: a roll is called so. */
function usePresent(
  doors: Doors,
  staff: Insider[] = [],
  visits: {
    id: number
    visitorName: string
    hostName?: string
    workPlace?: string
    checkedInAt: string
  }[] = [],
): Present[] {
  const t = useTexts()
  const departments = new Map(doors.departments.map(({ id, name }) => [id, name]))
  return [
    ...staff.map((one) => ({
      key: `employee-${one.employeeId}`,
      name: one.employeeName,
      employeeId: one.employeeId,
      photoVersion: one.photoVersion,
      place: departments.get(one.departmentId) ?? '',
      visitor: false,
      since: one.since,
    })),
    ...visits.map((visit) => ({
      key: `visit-${visit.id}`,
      name: visit.visitorName,
      place: [visit.workPlace, visit.hostName && t('host', { name: visit.hostName })]
        .filter(Boolean)
        .join(' · '),
      visitor: true,
      since: visit.checkedInAt,
    })),
  ].sort((a, b) => compareNames(a.name, b.name))
}
