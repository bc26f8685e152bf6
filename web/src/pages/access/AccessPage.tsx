import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import { Keys } from './Keys'
import { NewKey } from './NewKey'
import { SignIns } from './SignIns'
import { useTexts } from './texts'

const TABS = ['keys', 'signIns'] as const

/** AccessPage is by what programs get in, and which people did or tried to. */
export default function AccessPage() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const [making, setMaking] = useState(false)
  const tab = TABS.find((name) => name === params.get('tab')) ?? 'keys'
  const make = tab === 'keys' && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
      {t('key.new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={t(`lead.${tab}`)} actions={make}>
      <div className={ui.bars}>
        <Administration page="access" />
        <SegmentedControl
          aria-label={t('tabs')}
          value={tab}
          onChange={(value) => change({ tab: value === 'keys' ? null : value, failed: null }, { push: true })}
          data={TABS.map((value) => ({ value, label: t(`tab.${value}`) }))}
        />
      </div>
      {tab === 'keys' && <Keys make={make} />}
      {tab === 'signIns' && <SignIns />}
      {making && <NewKey onClose={() => setMaking(false)} />}
    </Page>
  )
}
