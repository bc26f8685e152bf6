import { Button, SegmentedControl } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { useEmployee, useZone } from '../../api/queries'
import type { Top } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, isoDate, zoneLabel } from '../../lib/format'
import { idOf } from '../../lib/ids'
import type { ChangeUrl } from '../../lib/urlState'
import { areDates } from '../../ui/dates/range'
import { RangeBar } from '../../ui/dates/RangeBar'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { CloseIcon } from '../../ui/icons'
import { OutOfReach, useAway } from '../../ui/OutOfReach'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Empty, Page, Tiles } from '../../ui/Page'
import { Rows, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { kinds, useAddress, type Address, type Asked } from './address'
import { Compare } from './Compare'
import { Heat } from './Heat'
import css from './statistics.module.css'
import { useTexts } from './texts'
import { Timeline } from './Timeline'
import { Tops } from './Tops'
import { useChange, useCount, useDates } from './words'

const USUAL = 'last30'

/** The most names that the server gives at once. */
const NAMES = 100

export default function StatisticsPage() {
  const t = useTexts()
  const now = useNow()
  const dates = useDates()
  const organization = useChosenOrganization()
  const known = useKnowsOrganization()
  const zone = useZone(organization)
  const today = isoDate(now, zone)
  const [address, change] = useAddress(today)
  const employee = useEmployee(idOf(String(address.employee)))
  const { from, to } = address.range
  const asked = { from, to, organization, department: address.departmentId, employee: address.employee }
  return (
    <Page
      title={t('title')}
      lead={`${areDates(address.range) ? dates(from, to) : '—'} · ${zoneLabel(zone, now)}`}
    >
      <div className={css.controls}>
        <RangeBar range={address.range} today={today} onChange={(next) => change(next, { push: true })} />
        <OrganizationSelect />
        <DepartmentSelect
          label={t('department')}
          everyone={t('everyone')}
          organizationId={organization}
          value={address.departmentId}
          onChange={(departmentId) => change({ departmentId, department: null }, { push: true })}
        />
        <div className={css.picker}>
          <EmployeeSelect
            label={t('employee')}
            hideLabel
            clearable
            placeholder={t('anybody')}
            organizationId={organization}
            value={address.employee === undefined ? null : (employee.data ?? null)}
            onChoose={(chosen) => change({ employee: chosen?.id, of: null }, { push: true })}
          />
        </div>
      </div>
      {known ? <Body asked={asked} address={address} change={change} /> : <Rows count={10} />}
    </Page>
  )
}

interface BodyProps {
  asked: Asked
  address: Address
  change: ChangeUrl
}

function Body({ asked, address, change }: BodyProps) {
  const t = useTexts()
  const away = useAway()
  const query = { ...asked, limit: NAMES }
  const applications = useQuery({
    queryKey: ['statistics', 'top-applications', asked],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/activity/top-applications', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
  const sites = useQuery({
    queryKey: ['statistics', 'top-sites', asked],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/activity/top-sites', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  })
  const failed = [applications, sites].find(({ isError }) => isError)
  if (failed) return <ErrorNote error={failed.error} retry={() => void failed.refetch()} />
  if (!applications.data || !sites.data) return <Rows count={10} />
  if (applications.data.totalEvents + sites.data.totalEvents === 0) {
    if (away) return <OutOfReach />
    const chosen =
      asked.department !== undefined || asked.employee !== undefined || address.range.preset !== USUAL
    return (
      <section className={ui.card}>
        <Empty title={t('none')} hint={t('none.hint')}>
          {chosen && (
            <Button
              variant="default"
              onClick={() =>
                change(
                  { from: null, to: null, range: null, departmentId: null, department: null, employee: null },
                  { push: true },
                )
              }
            >
              {t('none.all')}
            </Button>
          )}
        </Empty>
      </section>
    )
  }
  return (
    <>
      <Totals applications={applications.data} sites={sites.data} />
      <p className={ui.quiet}>{t('measure')}</p>
      <Tops applications={applications.data} sites={sites.data} address={address} change={change} />
      <Choice address={address} change={change} />
      <Timeline asked={asked} address={address} change={change} />
      <Heat asked={asked} address={address} />
      <Compare asked={asked} address={address} change={change} />
    </>
  )
}

function Totals({ applications, sites }: { applications: Top; sites: Top }) {
  const t = useTexts()
  const language = useLanguage()
  const dates = useDates()
  const grown = useChange()
  const count = useCount()
  const against = ({ totalSeconds, previous }: Top) =>
    previous.totalSeconds > 0 &&
    t('against', {
      change: grown(totalSeconds, previous.totalSeconds),
      before: dates(previous.from, previous.to).slice(0, -5),
    })
  return (
    <Tiles
      items={[
        {
          label: t('inApplications'),
          value: duration(applications.totalSeconds, language),
          note: against(applications),
        },
        { label: t('names'), value: count(applications.names) },
        { label: t('onSites'), value: duration(sites.totalSeconds, language), note: against(sites) },
        { label: t('hosts'), value: count(sites.names) },
      ]}
    />
  )
}

/** Choice is what the lower part of the page is about. */
function Choice({ address, change }: { address: Address; change: ChangeUrl }) {
  const t = useTexts()
  const { name } = address
  return (
    <div className={css.controls}>
      <SegmentedControl
        aria-label={t('kind')}
        value={address.kind}
        onChange={(kind) => change({ kind: kind === 'sites' ? kind : null, name: null })}
        data={kinds.map((kind) => ({ value: kind, label: t(kind) }))}
      />
      {name !== undefined && (
        <Button
          variant="light"
          rightSection={<CloseIcon size={14} />}
          title={t('drop', { name })}
          onClick={() => change({ name: null })}
        >
          {t('only', { name })}
        </Button>
      )}
    </div>
  )
}
