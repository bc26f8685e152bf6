import { useQuery } from '@tanstack/react-query'
import { answer, api } from '../api/client'
import { useUser } from '../api/queries'
import { useCommon } from './texts'

const USER = 'user:'

/** useActor names who did something; who may not read the users sees their numbers. */
export function useActor(): (actor?: string) => string {
  const t = useCommon()
  const me = useUser()
  const users = useQuery({
    queryKey: ['users', 'names'],
    enabled: me.role === 'ADMIN',
    queryFn: ({ signal }) => answer(api.GET('/api/v2/users', { params: { query: { limit: 1000 } }, signal })),
    staleTime: 300_000,
  })
  return (actor = '') => {
    if (/^system\b/.test(actor)) return t('actor.system')
    if (!actor.startsWith(USER)) return actor || '—'
    const id = Number(actor.slice(USER.length))
    if (id === me.id) return `${me.name} (${t('actor.you')})`
    return users.data?.items.find((user) => user.id === id)?.name ?? t('actor.user', { id })
  }
}
