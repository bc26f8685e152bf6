import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'wouter'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import { idOf } from '../../lib/ids'
import { useLanguage } from '../../i18n/i18n'
import { day } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { EditIcon, LeftIcon } from '../../ui/icons'
import { Empty, Page } from '../../ui/Page'
import { Rows, Status } from '../../ui/parts'
import { Codes } from './Codes'
import { History } from './Grids'
import { useTexts } from './texts'
import type { Visitor } from './types'
import { useDay } from './useVisits'
import { VisitorForm } from './VisitorForm'
import css from './visitors.module.css'

export default function VisitorPage() {
  const t = useTexts()
  const id = idOf(useParams<{ id: string }>().id)
  const { role } = useUser()
  const [editing, setEditing] = useState(false)
  const query = useQuery({
    queryKey: ['visitor', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/visitors/{id}', { params: { path: { id: id ?? 0 } }, signal })),
  })
  const visitor = query.data
  const today = useDay(visitor?.organizationId).data
  const mayChange = ['ADMIN', 'HR'].includes(role)
  if (id === undefined) return <Unknown />
  if (query.isError)
    return (
      <Page title={t('title')}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </Page>
    )
  if (!visitor || !today)
    return (
      <Page title={t('title')}>
        <Rows count={8} />
      </Page>
    )
  return (
    <Page
      title={visitor.name}
      lead={<State visitor={visitor} />}
      actions={
        <>
          <Button component={Link} href="/visitors" variant="default" leftSection={<LeftIcon size={16} />}>
            {t('title')}
          </Button>
          {mayChange && (
            <Button leftSection={<EditIcon size={16} />} onClick={() => setEditing(true)}>
              {t('edit')}
            </Button>
          )}
        </>
      }
    >
      <Facts visitor={visitor} />
      {role !== 'DEPARTMENT_LEAD' && <Codes visitor={visitor} zone={today.zone} mayChange={mayChange} />}
      <section className={css.history} aria-label={t('history')}>
        <h2>{t('history')}</h2>
        <History zone={today.zone} visitorId={visitor.id} />
      </section>
      {editing && <VisitorForm visitor={visitor} zone={today.zone} onClose={() => setEditing(false)} />}
    </Page>
  )
}

function Unknown() {
  const t = useTexts()
  return (
    <Page title={t('title')}>
      <Empty title={t('unknown')} hint="">
        <Button component={Link} href="/visitors" variant="default">
          {t('back')}
        </Button>
      </Empty>
    </Page>
  )
}

function State({ visitor }: { visitor: Visitor }) {
  const t = useTexts()
  if (!visitor.isActive) return <Status tone="bad">{t('active.no')}</Status>
  if (visitor.inside) return <Status tone="good">{t('status.inside')}</Status>
  return visitor.hostName ? t('host.to', { name: visitor.hostName }) : t('host.none')
}

/** Facts are what is known of the visitor; of papers only what the reader may see is there. */
function Facts({ visitor }: { visitor: Visitor }) {
  const t = useTexts()
  const language = useLanguage()
  const facts = [
    ['host', visitor.hostName],
    ['workPlace', visitor.workPlace],
    ['phone', visitor.phone],
    ['passportNumber', visitor.passportNumber],
    ['pinfl', visitor.pinfl],
    ['birthday', visitor.birthday && day(visitor.birthday, language)],
    ['details', visitor.additionalDetails],
  ] as const
  const known = facts.filter(([, value]) => value)
  if (known.length === 0) return null
  return (
    <dl className={css.facts}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{t(name)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
