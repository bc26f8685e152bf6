import { useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { Policy } from '../../api/types'

/** While a version goes out, its counts are read again this often. */
const GOING_MS = 5_000

/** usePolicy reads one policy. */
export function usePolicy(id: number) {
  return useQuery({
    queryKey: ['policies', 'one', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/policies/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.rollout ? GOING_MS : false),
  })
}

/** useChanged takes what the server says a policy is now, and has all that is shown of it read again. */
export function useChanged(): (policy?: Policy) => Promise<void> {
  const queries = useQueryClient()
  return async (policy) => {
    if (policy) queries.setQueryData(['policies', 'one', policy.id], policy)
    await queries.invalidateQueries({ queryKey: ['policies'] })
  }
}
