import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { useZone } from '../../api/queries'
import type { Account, Session } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Ago, Rows, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { programOf } from '../security/program'
import { useTexts } from './texts'

const keyOf = (user: Account) => ['users', 'sessions', user.id]

/** useSignIns reads the sign-ins of a user that last. */
export function useSignIns(user: Account) {
  return useQuery({
    queryKey: keyOf(user),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/users/{id}/sessions', { params: { path: { id: user.id } }, signal })),
    staleTime: 0,
  })
}

/** SignIns is where a user is signed in now, each to be ended by itself. */
export function SignIns({ user }: { user: Account }) {
  const t = useTexts()
  const query = useSignIns(user)
  const all = query.data?.items ?? []
  return (
    <Card title={t('open')} flush>
      {query.isPending && <Rows count={2} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && all.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('open.none')}</p>
      )}
      {all.length > 0 && <Table user={user} sessions={all} />}
    </Card>
  )
}

function Table({ user, sessions }: { user: Account; sessions: Session[] }) {
  const t = useTexts()
  const zone = useZone(user.organizationId)
  const queries = useQueryClient()
  const end = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/api/v2/users/sessions/{id}', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['users'] }),
  })
  return (
    <>
      {end.isError && <ErrorNote error={end.error} />}
      <table className={`${ui.table} ${ui.stack}`}>
        <thead>
          <tr>
            <th>{t('program')}</th>
            <th>{t('address')}</th>
            <th>{t('open.since')}</th>
            <th>{t('open.used')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {sessions.map(({ id, userAgent, clientIp, createdAt, usedAt, current }) => {
            const program = programOf(userAgent) || t('program.unknown')
            return (
              <tr key={id} data-session={id}>
                <td className={ui.whole}>{program}</td>
                <td data-label={t('address')}>{clientIp}</td>
                <td data-label={t('open.since')} className={ui.nowrap}>
                  <Ago at={createdAt} zone={zone} />
                </td>
                <td data-label={t('open.used')} className={ui.nowrap}>
                  {current ? <Status tone="good">{t('open.this')}</Status> : <Ago at={usedAt} zone={zone} />}
                </td>
                <td className={ui.number}>
                  {!current && (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="gray"
                      aria-label={t('open.endOf', { name: program })}
                      loading={end.isPending && end.variables === id}
                      onClick={() => end.mutate(id)}
                    >
                      {t('open.end')}
                    </Button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </>
  )
}
