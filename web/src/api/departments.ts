import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answer, api } from './client'
import { useUser } from './queries'
import type { Node } from './types'

/** A Branch is a department at its place in the tree: path has the ids of those over it, and its own. */
export interface Branch {
  id: number
  name: string
  depth: number
  path: number[]
}

/** flatten lists the tree as it is read: each department before those under it. */
export function flatten(nodes: readonly Node[], over: number[] = []): Branch[] {
  return nodes.flatMap(({ id, name, children }) => {
    const path = [...over, id]
    return [{ id, name, depth: over.length, path }, ...flatten(children, path)]
  })
}

/** useDepartmentTree reads the departments of an organization; without one, of the user's. */
export function useDepartmentTree(organizationId?: number) {
  const query = useQuery({
    queryKey: ['departments', 'tree', organizationId],
    enabled: useUser().role !== 'GUARD', // who may see none
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/departments/tree', { params: { query: { organizationId } }, signal })),
    staleTime: 60_000,
  })
  const branches = useMemo(() => flatten(query.data?.items ?? []), [query.data])
  return { ...query, branches }
}
