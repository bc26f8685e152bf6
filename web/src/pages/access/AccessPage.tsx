import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import { Blocked, NewBlock } from './Blocked'
import { Events } from './Events'
import { Keys } from './Keys'
import { NewKey } from './NewKey'
import { SignIns } from './SignIns'
import { useTexts } from './texts'

const TABS = ['keys', 'signIns', 'addresses', 'events'] as const
/** What is made on a tab. */
const MADE = { keys: 'key.new', addresses: 'block.new', signIns: undefined, events: undefined } as const

/** AccessPage is by what programs get in and from where they are refused, and which people got in or tried to. */
export default function AccessPage() {
  const t = useTexts()
  const [params] = useUrlState()
  const [, navigate] = useLocation()
  const [making, setMaking] = useState(false)
  const tab = TABS.find((name) => name === params.get('tab')) ?? 'keys'
  const made = MADE[tab]
  const make = made && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
      {t(made)}
    </Button>
  )
  return (
    <Page title={t('title')} lead={t(`lead.${tab}`)} actions={make}>
      <div className={ui.bars}>
        <Administration page="access" />
        <div className={ui.scroll}>
          <SegmentedControl
            aria-label={t('tabs')}
            value={tab}
            onChange={(value) => navigate(value === 'keys' ? '/access' : `/access?tab=${value}`)}
            data={TABS.map((value) => ({ value, label: t(`tab.${value}`) }))}
          />
        </div>
      </div>
      {tab === 'keys' && <Keys make={make} />}
      {tab === 'signIns' && <SignIns />}
      {tab === 'addresses' && <Blocked make={make} />}
      {tab === 'events' && <Events />}
      {making && tab === 'keys' && <NewKey onClose={() => setMaking(false)} />}
      {making && tab === 'addresses' && <NewBlock onClose={() => setMaking(false)} />}
    </Page>
  )
}
