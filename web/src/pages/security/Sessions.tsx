import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { useZone } from '../../api/queries'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Ago, Rows, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { programOf } from './program'
import { useTexts } from './texts'

const KEY = ['security', 'sessions']

/** Sessions are the user's sign-ins; one that is not known can be ended. */
export function Sessions() {
  const t = useTexts()
  const zone = useZone()
  const queries = useQueryClient()
  const list = useQuery({ queryKey: KEY, queryFn: () => answer(api.GET('/api/v2/auth/sessions')) })
  const end = useMutation({
    mutationFn: (id?: string) =>
      id === undefined
        ? answer(api.DELETE('/api/v2/auth/sessions'))
        : answer(api.DELETE('/api/v2/auth/sessions/{id}', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
  const items = list.data?.items ?? []
  const others = items.length > 1 && (
    <Button variant="default" size="xs" onClick={() => end.mutate(undefined)}>
      {t('session.others')}
    </Button>
  )
  return (
    <Card title={t('sessions')} actions={others} flush>
      {list.isPending && <Rows />}
      {list.isError && <ErrorNote error={list.error} />}
      {end.isError && <ErrorNote error={end.error} />}
      {items.length > 0 && (
        <div className={ui.scroll}>
          <table className={`${ui.table} ${ui.stack}`}>
            <thead>
              <tr>
                <th>{t('session.device')}</th>
                <th>{t('session.address')}</th>
                <th>{t('session.used')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id} data-session={one.current ? 'current' : 'other'}>
                  <td className={ui.whole} title={one.userAgent}>
                    {programOf(one.userAgent) || t('session.unknown')}
                  </td>
                  <td className={ui.nowrap} data-label={t('session.address')}>
                    {one.clientIp}
                  </td>
                  <td className={ui.nowrap} data-label={t('session.used')}>
                    <Ago at={one.usedAt} zone={zone} />
                  </td>
                  <td className={ui.number}>
                    {one.current ? (
                      <Status tone="good">{t('session.current')}</Status>
                    ) : (
                      <Button
                        variant="default"
                        size="xs"
                        aria-label={t('session.endOf', { name: programOf(one.userAgent) || one.clientIp })}
                        onClick={() => end.mutate(one.id)}
                      >
                        {t('session.end')}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}
