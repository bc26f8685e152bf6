import { Button } from '@mantine/core'
import { useState } from 'react'
import { useGateways, useUser, useZone } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, number, zoneLabel } from '../../lib/format'
import { Equipment } from '../../ui/Equipment'
import { PlusIcon } from '../../ui/icons'
import { Page, Tiles } from '../../ui/Page'
import { useNow } from '../../ui/parts'
import { GatewayTable } from './GatewayTable'
import { summarize, type Summary } from './summary'
import { useTexts } from './texts'
import { NewToken, Tokens } from './Tokens'

const REFRESH_MS = 15_000

export default function GatewaysPage() {
  const t = useTexts()
  const admin = useUser().role === 'ADMIN'
  const [making, setMaking] = useState(false)
  const list = useGateways(REFRESH_MS)
  const summary = summarize(list.items)
  const make = admin && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
      {t('token.new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={list.items.length > 0 && <Lead summary={summary} />} actions={make}>
      <Equipment page="gateways" />
      {list.items.length > 0 && <Answers summary={summary} />}
      <GatewayTable empty={make} refresh={REFRESH_MS} />
      {admin && <Tokens />}
      {making && <NewToken onClose={() => setMaking(false)} />}
    </Page>
  )
}

function Lead({ summary }: { summary: Summary }) {
  const t = useTexts()
  if (summary.offline === 0 && summary.gaps === 0) return <>{t('lead.good')}</>
  return (
    <>
      {summary.offline > 0 && t('lead.offline', { count: summary.offline })}{' '}
      {summary.gaps > 0 && t('lead.gaps', { count: summary.gaps })}
    </>
  )
}

function Answers({ summary }: { summary: Summary }) {
  const t = useTexts()
  const language = useLanguage()
  const zone = useZone()
  const now = useNow()
  const until = summary.completeUntil
  return (
    <Tiles
      items={[
        {
          label: t('online'),
          value: number(summary.online, language),
          note: t('ofAll', { all: summary.all }),
        },
        {
          label: t('complete'),
          value: until ? dateTime(Date.parse(until), zone, language) : t('complete.never'),
          note: t('complete.note', { zone: zoneLabel(zone, now) }),
        },
        { label: t('gaps'), value: number(summary.gaps, language) },
        { label: t('agents'), value: number(summary.agents, language) },
      ]}
    />
  )
}
