import { useQuery } from '@tanstack/react-query'
import { answer, api } from './client'
import { useUser } from './queries'

/** useGroups returns the groups of people, by name; a guard may see none, and is not refused for asking. */
export function useGroups(organizationId?: number) {
  const query = useQuery({
    queryKey: ['groups', organizationId],
    enabled: useUser().role !== 'GUARD',
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/employees/groups', {
          params: {
            query: { limit: 1000, organizationId: organizationId ? String(organizationId) : undefined },
          },
          signal,
        }),
      ),
  })
  return { ...query, groups: query.data?.items ?? [] }
}
