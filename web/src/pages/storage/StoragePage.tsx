import { SegmentedControl } from '@mantine/core'
import { useUser, useZone } from '../../api/queries'
import { zoneLabel } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows, useNow } from '../../ui/parts'
import { Holds } from './Holds'
import { Preview } from './Preview'
import { RulesCard } from './Rules'
import { Runs } from './Runs'
import { Summary } from './Summary'
import css from './storage.module.css'
import { useTexts } from './texts'
import { Usage } from './Usage'

const tabs = ['rules', 'holds', 'runs'] as const

export default function StoragePage() {
  const t = useTexts()
  const now = useNow()
  const admin = useUser().role === 'ADMIN'
  const organizationId = useChosenOrganization()
  const known = useKnowsOrganization()
  const zone = useZone(organizationId)
  const [params, change] = useUrlState()
  const tab = tabs.find((name) => name === params.get('tab')) ?? 'rules'
  return (
    <Page title={t('title')} lead={zoneLabel(zone, now)}>
      {admin && <Administration page="storage" />}
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t('tabs')}
          value={tab}
          onChange={(value) => change({ tab: value === 'rules' ? null : value }, { push: true })}
          data={tabs.map((value) => ({ value, label: t(`tab.${value}`) }))}
        />
        <OrganizationSelect />
      </div>
      {!known && <Rows count={8} />}
      {known && tab === 'rules' && (
        <>
          <Summary organizationId={organizationId} zone={zone} />
          <RulesCard organizationId={organizationId} />
          <Preview key={organizationId} organizationId={organizationId} zone={zone} />
          <Usage organizationId={organizationId} />
        </>
      )}
      {known && tab === 'holds' && <Holds organizationId={organizationId} zone={zone} />}
      {known && tab === 'runs' && <Runs organizationId={organizationId} zone={zone} />}
    </Page>
  )
}
