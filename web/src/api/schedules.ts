import { useQuery } from '@tanstack/react-query'
import { answer, api } from './client'

export function useSchedules(organizationId?: number) {
  const query = useQuery({
    queryKey: ['schedules', organizationId],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/schedules', { params: { query: { organizationId, limit: 500 } }, signal })),
  })
  return { ...query, schedules: query.data?.items ?? [] }
}

export function useAssignments(organizationId?: number) {
  const query = useQuery({
    queryKey: ['schedules', 'assignments', organizationId],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/schedules/assignments', {
          params: { query: { organizationId, limit: 1000 } },
          signal,
        }),
      ),
  })
  return { ...query, assignments: query.data?.items ?? [] }
}
