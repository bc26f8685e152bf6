import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { useUrlState } from '../../lib/urlState'
import { PlusIcon } from '../../ui/icons'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { Groups } from './Groups'
import css from './policies.module.css'
import { Policies } from './Policies'
import { useTexts } from './texts'

export default function PoliciesPage() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const organizationId = useChosenOrganization()
  const known = useKnowsOrganization()
  const [making, setMaking] = useState(false)
  const tab = params.get('tab') === 'groups' ? 'groups' : 'policies'
  const address = `/policies/new${organizationId === undefined ? '' : `?organization=${organizationId}`}`
  const make =
    tab === 'policies' ? (
      <Button component={Link} href={address} leftSection={<PlusIcon size={16} />}>
        {t('new')}
      </Button>
    ) : (
      <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
        {t('groups.new')}
      </Button>
    )
  // What one list is filtered by says nothing of the other.
  const turn = (value: string) =>
    change(
      {
        ...Object.fromEntries([...params.keys()].map((key) => [key, null])),
        organization: params.get('organization'),
        tab: value === 'groups' ? value : null,
      },
      { push: true },
    )
  return (
    <Page title={t('title')} lead={t('lead')} actions={make}>
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t('tabs')}
          value={tab}
          onChange={turn}
          data={(['policies', 'groups'] as const).map((value) => ({ value, label: t(`tab.${value}`) }))}
        />
        <OrganizationSelect />
      </div>
      {!known && <Rows count={8} />}
      {known && tab === 'policies' && <Policies organizationId={organizationId} make={make} />}
      {known && tab === 'groups' && (
        <Groups organizationId={organizationId} make={make} making={making} onMade={() => setMaking(false)} />
      )}
    </Page>
  )
}
