import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from 'wouter'
import { useUser, useZone } from '../../api/queries'
import { answer, api } from '../../api/client'
import { isoDate } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card, Empty, Page } from '../../ui/Page'
import { Ago, Rows, useNow } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Gallery } from '../day/shots/Gallery'
import { People, State } from './Computers'
import css from './computers.module.css'
import { Duplicates, setTarget } from './Duplicates'
import { History } from './History'
import { useTexts } from './texts'
import { nameOf, type Computer } from './types'

const REFRESH_MS = 30_000

/** ComputerPage is one computer: how it is and why, who uses it, and its history. */
export default function ComputerPage() {
  const t = useTexts()
  const id = idOf(useParams<{ id: string }>().id)
  const query = useComputer(id)
  if (id === undefined) {
    return (
      <Page title={t('title')}>
        <Empty title={t('unknown.title')} hint={t('unknown.hint')} />
      </Page>
    )
  }
  if (query.isError) {
    return (
      <Page title={t('title')}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </Page>
    )
  }
  if (query.isPending) return <Rows count={8} />
  return <One computer={query.data} />
}

function useComputer(id: number | undefined) {
  return useQuery({
    queryKey: ['computer', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/computers/{id}', { params: { path: { id: id ?? 0 } }, signal })),
    refetchInterval: REFRESH_MS,
  })
}

function One({ computer }: { computer: Computer }) {
  const t = useTexts()
  const zone = useZone(computer.organizationId)
  const name = nameOf(computer)
  const day = `/day?computer=${encodeURIComponent(computer.computerUid)}`
  return (
    <Page
      title={name}
      lead={computer.computerUid === name ? undefined : computer.computerUid}
      actions={
        <>
          <Button component={Link} href={day}>
            {t('showDay')}
          </Button>
          <Button component={Link} href={`${day}&span=week`} variant="default">
            {t('showWeek')}
          </Button>
        </>
      }
    >
      {computer.mergedInto !== undefined && <Merged computer={computer} into={computer.mergedInto} />}
      <Duplicates of={computer.id} />
      <div className={css.card}>
        <Card title={t('state')}>
          <State computer={computer} zone={zone} />
          <p className={css.peopleHead}>{t('usersOf')}</p>
          <People users={computer.users} />
        </Card>
        <Card title={t('facts')}>
          <Facts computer={computer} zone={zone} />
        </Card>
      </div>
      <History id={computer.id} zone={zone} />
      <Gallery of={{ computer: computer.computerUid }} date={isoDate(useNow(), zone)} zone={zone} />
    </Page>
  )
}

function Facts({ computer, zone }: { computer: Computer; zone: string }) {
  const t = useTexts()
  const rows: [string, React.ReactNode][] = [
    [t('os'), computer.os || '—'],
    [t('agent'), computer.agentVersion || '—'],
    [t('seen'), <Ago key="seen" at={computer.lastSeenAt} zone={zone} />],
    [t('gateway'), computer.gatewayName || '—'],
    [t('ip'), computer.ipAddress || '—'],
    [t('mac'), computer.macAddress || '—'],
    [t('uid'), computer.computerUid],
    [t('added'), <Ago key="added" at={computer.createdAt} zone={zone} />],
  ]
  return (
    <dl className={ui.facts}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Merged says that this computer is another one now, and takes that back. */
function Merged({ computer, into }: { computer: Computer; into: number }) {
  const t = useTexts()
  const mayMerge = ['ADMIN', 'HR'].includes(useUser().role)
  const queries = useQueryClient()
  const target = useComputer(into)
  const split = useMutation({
    mutationFn: () => setTarget(computer.id, undefined),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['computer'] }),
        queries.invalidateQueries({ queryKey: ['computers'] }),
        queries.invalidateQueries({ queryKey: ['computer-users'] }),
      ]),
  })
  return (
    <div className={css.notice}>
      <span>
        {t('mergedInto')}{' '}
        <Link href={`/computers/${into}`}>{target.data ? nameOf(target.data) : `№ ${into}`}</Link>
      </span>
      {mayMerge && (
        <Button size="xs" variant="default" loading={split.isPending} onClick={() => split.mutate()}>
          {t('split')}
        </Button>
      )}
      {split.isError && <ErrorNote error={split.error} />}
    </div>
  )
}
