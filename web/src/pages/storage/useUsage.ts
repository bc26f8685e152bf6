import { useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'

/** useUsage reads what an organization's files take. */
export function useUsage(organization?: number) {
  return useQuery({
    queryKey: ['storage', 'usage', organization],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/storage/usage', { params: { query: { organization } }, signal })),
  })
}
