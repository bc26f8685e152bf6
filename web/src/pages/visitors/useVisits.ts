import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { readList } from '../../api/list'
import type { Visit, Visitor } from './types'

/** Two desks see each other's visitors so soon. */
const REFRESH_MS = 15_000

/** How many are shown at once; a house with more inside has the list of visits. */
const MOST = 500

/** useDay reads how many visitors are expected, here and gone today. */
export const useDay = (organizationId?: number) =>
  useQuery({
    queryKey: ['visits', 'today', organizationId],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/visitors/today', { params: { query: { organizationId } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  })

function useAll<T>(path: string, filter: string, organizationId?: number) {
  const params = new URLSearchParams(`${filter}&limit=${MOST}`)
  if (organizationId !== undefined) params.set('organizationId', String(organizationId))
  return useQuery({
    queryKey: ['visits', path, params.toString()],
    queryFn: ({ signal }) => readList<T>(path, params, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  })
}

/** useVisits reads the visits of a filter, such as inside=true. */
export const useVisits = (filter: string, organizationId?: number) =>
  useAll<Visit>('/api/v2/visitors/visits', filter, organizationId)

/** useVisitors reads the visitors of a filter, such as expected=true. */
export const useVisitors = (filter: string, organizationId?: number) =>
  useAll<Visitor>('/api/v2/visitors', filter, organizationId)

/** useReread has everything about visitors read again. */
export function useReread(): () => void {
  const queries = useQueryClient()
  return () => {
    for (const key of ['visits', 'visitors', 'visitor', 'codes', 'passes'])
      void queries.invalidateQueries({ queryKey: [key] })
  }
}
