import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows, Status, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import { Face } from '../passes/Face'
import { Arrive } from './Arrive'
import { Badge } from './Badge'
import { Done } from './Desk'
import { CheckOut } from './parts'
import { useTexts } from './texts'
import type { Visit, Visitor } from './types'
import { useAt } from './useAt'
import { useVisitors, useVisits } from './useVisits'
import css from './visitors.module.css'

interface Props {
  zone: string
  organizationId?: number
  organization?: string
  /** Whether the reader lets visitors in and out. */
  desk: boolean
}

/** Expected is who may still come today, each let in by two presses. */
export function Expected({ zone, organizationId, organization, desk }: Props) {
  const t = useTexts()
  const common = useCommon()
  const at = useAt(zone)
  const now = useNow()
  const list = useVisitors('expected=true&sort=name', organizationId)
  const [arriving, setArriving] = useState<Visitor>()
  const [done, setDone] = useState<Visit>()
  const items = (list.data?.items ?? []).toSorted((a, b) =>
    (a.expectedFrom ?? '').localeCompare(b.expectedFrom ?? ''),
  )
  const close = () => {
    setArriving(undefined)
    setDone(undefined)
  }
  return (
    <Card title={t('expected')} flush>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={4} />}
      {list.isSuccess && items.length === 0 && <p className={css.hint}>{t('expected.none')}</p>}
      <ul className={css.people} aria-label={t('expected')}>
        {items.map((visitor) => (
          <li key={visitor.id} data-visitor={visitor.id}>
            <Person name={visitor.name} id={visitor.id} host={visitor.hostName} place={visitor.workPlace}>
              {visitor.expectedFrom &&
                visitor.expectedUntil &&
                t('window', { from: at(visitor.expectedFrom), until: at(visitor.expectedUntil) })}
            </Person>
            {visitor.expectedFrom && Date.parse(visitor.expectedFrom) > now && (
              <Status tone="quiet">{t('later')}</Status>
            )}
            {desk && (
              <Button
                className={css.big}
                onClick={() => setArriving(visitor)}
                aria-label={`${t('let.in')}: ${visitor.name}`}
              >
                {t('let.in')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {(arriving || done) && (
        <Modal
          opened
          onClose={close}
          title={t('let.title')}
          closeButtonProps={{ 'aria-label': common('close') }}
        >
          {done ? (
            <Done visit={done} zone={zone} organization={organization} />
          ) : (
            arriving && <Arrive visitor={arriving} zone={zone} onIn={setDone} />
          )}
        </Modal>
      )}
    </Card>
  )
}

/** Inside is who is in the house; who stays too long stands first and stands out. */
export function Inside({ zone, organizationId, organization, desk }: Props) {
  const t = useTexts()
  const at = useAt(zone)
  const list = useVisits('inside=true&sort=expectedUntil', organizationId)
  const [badge, setBadge] = useState<Visit>()
  const items = list.data?.items ?? []
  return (
    <Card title={t('inside')} flush>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={4} />}
      {list.isSuccess && items.length === 0 && <p className={css.hint}>{t('inside.none')}</p>}
      <ul className={css.people} aria-label={t('inside')}>
        {items.map((visit) => (
          <li key={visit.id} data-visit={visit.id} data-overstay={visit.overstay || undefined}>
            <Person
              name={visit.visitorName}
              id={visit.visitorId}
              host={visit.hostName}
              place={visit.workPlace}
            >
              {[
                t('since', { at: at(visit.checkedInAt) }),
                t('until', { at: at(visit.expectedUntil) }),
                visit.badge && t('badge.no', { n: visit.badge }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </Person>
            {visit.overstay && <Status tone="bad">{t('overstay')}</Status>}
            {desk && (
              <span className={css.rowButtons}>
                <Button
                  className={css.big}
                  variant="subtle"
                  onClick={() => setBadge(visit)}
                  aria-label={`${t('badge.print')}: ${visit.visitorName}`}
                >
                  {t('print')}
                </Button>
                <CheckOut visit={visit} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {badge && (
        <Badge visit={badge} zone={zone} organization={organization} onClose={() => setBadge(undefined)} />
      )}
    </Card>
  )
}

function Person(props: {
  name: string
  id: number
  host?: string
  place?: string
  children: React.ReactNode
}) {
  const t = useTexts()
  return (
    <span className={css.person}>
      <Face name={props.name} />
      <span>
        <Link href={`/visitors/${props.id}`} className={css.name}>
          {props.name}
        </Link>
        <span className={css.host}>
          {props.host ? t('host.to', { name: props.host }) : t('host.none')}
          {props.place && ` · ${props.place}`}
        </span>
        <small>{props.children}</small>
      </span>
    </span>
  )
}
