import { Button } from '@mantine/core'
import { useState } from 'react'
import { useUser } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { day, number, weekday, zoneLabel } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Entrance } from '../../ui/Entrance'
import { ErrorNote } from '../../ui/ErrorNote'
import { PlusIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { Desk } from './Desk'
import { All, History } from './Grids'
import { Expected, Inside } from './Lists'
import { useTexts } from './texts'
import type { VisitorsDay } from './types'
import { useDay } from './useVisits'
import { VisitorForm } from './VisitorForm'
import css from './visitors.module.css'

const views = ['expected', 'inside', 'all', 'history'] as const

/** Who stands at the desk; a lead only reads. */
const DESK = ['ADMIN', 'HR', 'GUARD']

export default function VisitorsPage() {
  const t = useTexts()
  const language = useLanguage()
  const organizationId = useChosenOrganization()
  const known = useKnowsOrganization()
  const today = useDay(organizationId)
  const desk = DESK.includes(useUser().role)
  const [adding, setAdding] = useState(false)
  const data = known ? today.data : undefined
  const lead =
    data &&
    `${day(data.date, language)}, ${weekday(data.date, language)} · ${zoneLabel(data.zone, today.dataUpdatedAt)}`
  const add = desk && (
    <Button className={css.big} leftSection={<PlusIcon />} disabled={!data} onClick={() => setAdding(true)}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={lead} actions={add}>
      <div className={css.controls}>
        <Entrance page="visitors" />
        <OrganizationSelect />
      </div>
      {today.isError && <ErrorNote error={today.error} retry={() => void today.refetch()} />}
      {!data && !today.isError && <Rows count={8} />}
      {data && desk && <Desk zone={data.zone} organization={data.organizationName} />}
      {data && <Views today={data} organizationId={organizationId} desk={desk} add={add} />}
      {data && desk && <Keys onAdd={() => setAdding(true)} />}
      {adding && data && (
        <VisitorForm
          organizationId={organizationId}
          organization={data.organizationName}
          zone={data.zone}
          onClose={() => setAdding(false)}
        />
      )}
    </Page>
  )
}

function Keys({ onAdd }: { onAdd: () => void }) {
  const t = useTexts()
  useKeys([{ keys: 'n', says: t('new'), run: onAdd }])
  return null
}

interface ViewsProps {
  today: VisitorsDay
  organizationId?: number
  desk: boolean
  add: React.ReactNode
}

/** Views are the lists, behind buttons that say how many there are. */
function Views({ today, organizationId, desk, add }: ViewsProps) {
  const t = useTexts()
  const language = useLanguage()
  const [params, change] = useUrlState()
  const asked = views.find((name) => name === params.get('view'))
  // Who should have left is what the desk is to see first.
  const view = asked ?? (today.overstay > 0 && today.expected === 0 ? 'inside' : 'expected')
  const counts = { expected: today.expected, inside: today.inside } as Record<string, number | undefined>
  const props = { zone: today.zone, organizationId, organization: today.organizationName, desk }
  return (
    <>
      <div className={css.views} role="group" aria-label={t('views')}>
        {views.map((name) => (
          <button
            key={name}
            type="button"
            className={css.view}
            data-view={name}
            aria-pressed={view === name}
            onClick={() => change({ view: name, after: null, page: null }, { push: true })}
          >
            {counts[name] !== undefined && <strong>{number(counts[name], language)}</strong>}
            <span>{t(name)}</span>
            {name === 'inside' && today.overstay > 0 && (
              <small className={css.late}>{t('overstays', { n: number(today.overstay, language) })}</small>
            )}
          </button>
        ))}
      </div>
      {view === 'expected' && <Expected {...props} />}
      {view === 'inside' && <Inside {...props} />}
      {view === 'all' && (
        <section aria-label={t('all')}>
          <All zone={today.zone} organizationId={organizationId} action={add} />
        </section>
      )}
      {view === 'history' && (
        <section aria-label={t('history')}>
          <History zone={today.zone} organizationId={organizationId} />
        </section>
      )}
    </>
  )
}
