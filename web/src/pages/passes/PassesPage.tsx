import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useUser } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { day, isDate, time, weekday, zoneLabel } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Entrance } from '../../ui/Entrance'
import { ErrorNote } from '../../ui/ErrorNote'
import { EnterIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { useDay } from '../visitors/useVisits'
import { Counts } from './Counts'
import { Departments } from './Departments'
import { Inside } from './Inside'
import { Log } from './Log'
import { Manual } from './Manual'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors } from './types'
import { useDoors } from './usePasses'

/** Who may write down a pass that no terminal saw. */
const WRITERS = ['ADMIN', 'HR', 'GUARD']

export default function PassesPage() {
  const t = useTexts()
  const known = useKnowsOrganization()
  const organizationId = useChosenOrganization()
  const doors = useDoors(organizationId)
  const language = useLanguage()
  const [params] = useUrlState()
  const [writing, setWriting] = useState(false)
  const mayWrite = WRITERS.includes(useUser().role)
  const data = known ? doors.data : undefined
  const asked = params.get('date')
  const date = data && isDate(asked) && asked < data.date ? asked : data?.date
  const lead = data &&
    date && [
      `${day(date, language)}, ${weekday(date, language)}`,
      zoneLabel(data.zone, doors.dataUpdatedAt),
      date === data.date && t('updated', { at: time(doors.dataUpdatedAt, data.zone) }),
    ]
  const write = mayWrite && (
    <Button className={css.big} leftSection={<EnterIcon />} onClick={() => setWriting(true)} disabled={!data}>
      {t('manual')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={lead && lead.filter(Boolean).join(' · ')} actions={write}>
      <div className={css.controls}>
        <Entrance page="passes" />
        <OrganizationSelect />
      </div>
      {doors.isError && <ErrorNote error={doors.error} retry={() => void doors.refetch()} />}
      {!data && !doors.isError && <Rows count={10} />}
      {data && date && <Body doors={data} date={date} organizationId={organizationId} />}
      {mayWrite && data && <Keys onWrite={() => setWriting(true)} />}
      {writing && data && (
        <Manual doors={data} organizationId={organizationId} onClose={() => setWriting(false)} />
      )}
    </Page>
  )
}

function Keys({ onWrite }: { onWrite: () => void }) {
  const t = useTexts()
  useKeys([{ keys: 'n', says: t('manual'), run: onWrite }])
  return null
}

interface BodyProps {
  doors: Doors
  date: string
  organizationId?: number
}

function Body({ doors, date, organizationId }: BodyProps) {
  const t = useTexts()
  const [params, change] = useUrlState()
  const visitors = useDay(organizationId)
  const live = date === doors.date
  const inside = live && params.get('tab') === 'inside'
  return (
    <>
      {live && <Counts doors={doors} visitors={visitors.data} />}
      {live && (
        <SegmentedControl
          className={css.tabs}
          aria-label={t('tabs')}
          value={inside ? 'inside' : 'log'}
          onChange={(tab) => change({ tab: tab === 'log' ? null : tab }, { push: true })}
          data={[
            { value: 'log', label: t('tab.log') },
            { value: 'inside', label: t('tab.inside') },
          ]}
        />
      )}
      {inside ? (
        <Inside doors={doors} organizationId={organizationId} />
      ) : (
        <div className={css.columns}>
          <Log doors={doors} date={date} organizationId={organizationId} />
          {live && <Departments doors={doors} />}
        </div>
      )}
    </>
  )
}
