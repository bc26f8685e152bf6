import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useUser, useZone } from '../../api/queries'
import { answer, api } from '../../api/client'
import { useLanguage } from '../../i18n/i18n'
import { day, isDate, isoDate, time, weekday, zoneLabel } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { DateBar } from '../../ui/dates/DateBar'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { OrganizationSelect, useChosenOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows, useNow } from '../../ui/parts'
import { Answers, Chips } from './Answers'
import { AttentionStrip } from './AttentionStrip'
import { Everyone } from './Everyone'
import { isFilter, offered, orders, type Filter } from './people'
import { useTexts } from './texts'
import css from './today.module.css'
import { Nobody, Unseen } from './Unseen'
import type { Person, Today } from './types'

const REFRESH_MS = 30_000

/** Who may see what people did; a guard sees only who is here. */
const MONITORS = ['ADMIN', 'HR', 'DEPARTMENT_LEAD']

export default function TodayPage() {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const monitors = MONITORS.includes(useUser().role)
  const [params, change] = useUrlState()
  const organizationId = useChosenOrganization()
  const zone = useZone(organizationId)
  const today = isoDate(now, zone)
  const asked = params.get('date')
  const date = monitors && isDate(asked) && asked < today ? asked : today
  const departmentId = idOf(params.get('departmentId'))
  const query = useToday(
    { date: monitors ? date : undefined, departmentId, organization: organizationId },
    date === today,
  )
  const updated =
    date === today && query.dataUpdatedAt > 0 && t('updated', { at: time(query.dataUpdatedAt, zone) })
  const lead = [`${day(date, language)}, ${weekday(date, language)}`, zoneLabel(zone, now), updated]
  return (
    <Page title={t(date === today ? 'title' : 'titleThen')} lead={lead.filter(Boolean).join(' · ')}>
      <div className={css.controls}>
        {monitors && (
          <DateBar
            date={date}
            today={today}
            onChange={(next) => change({ date: next === today ? null : next }, { push: true })}
          />
        )}
        <OrganizationSelect />
        {monitors && (
          <DepartmentSelect
            label={t('department.label')}
            everyone={t('department')}
            organizationId={organizationId}
            value={departmentId}
            onChange={(id) => change({ departmentId: id }, { push: true })}
          />
        )}
      </div>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Rows count={10} />}
      {query.data && <Body today={query.data} now={date === today ? now : undefined} />}
    </Page>
  )
}

function useToday(asked: { date?: string; departmentId?: number; organization?: number }, live: boolean) {
  return useQuery({
    queryKey: ['presence', asked],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/presence/today', { params: { query: asked }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: live && REFRESH_MS,
  })
}

function Body({ today, now }: { today: Today; now?: number }) {
  const { role } = useUser()
  const bare = !MONITORS.includes(role)
  const [params, change] = useUrlState()
  const chosen = params.get('state')
  const filter = isFilter(chosen) && offered(now !== undefined).includes(chosen) ? chosen : undefined
  const onFilter = (next?: Filter) => change({ state: next })
  const dayOf = (person: Person) =>
    bare ? undefined : `/day?employee=${person.employeeId}&date=${today.date}`
  if (today.people.length === 0) {
    return (
      <>
        {today.attention.length > 0 && <AttentionStrip today={today} />}
        <Nobody />
      </>
    )
  }
  return (
    <>
      <Chips today={today} chosen={filter} bare={bare} live={now !== undefined} onFilter={onFilter} />
      {!bare && <Unseen today={today} />}
      {filter === undefined && !bare && today.counts.expected > 0 && (
        <Answers today={today} onFilter={onFilter} dayOf={dayOf} />
      )}
      {!bare && now !== undefined && <AttentionStrip today={today} />}
      <Everyone
        today={today}
        filter={filter}
        find={params.get('q') ?? ''}
        order={orders.find((order) => order === params.get('sort'))}
        now={now}
        bare={bare}
        dayOf={dayOf}
        onChange={({ find, order, ...rest }) =>
          change({
            ...(find !== undefined && { q: find }),
            ...(order !== undefined && { sort: order }),
            ...rest,
          })
        }
      />
    </>
  )
}
