import { useInfiniteQuery, useQuery, type QueryKey } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { isZone } from '../lib/format'
import { answer, api, session } from './client'
import { isBeingMade } from './demo'
import type { Organization, Page, User } from './types'

/** useUser returns who is signed in; pages are only shown to somebody. */
export function useUser(): User {
  const current = useSyncExternalStore(session.subscribe, session.get)
  if (current.state !== 'in') throw new Error('nobody is signed in')
  return current.user
}

/** useProvider returns what the provider of sign-ins is called; undefined where there is none. */
export function useProvider(): string | undefined {
  return useQuery({
    queryKey: ['sign-in', 'methods'],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/auth/login', { signal })),
    staleTime: 300_000,
  }).data?.oidcName
}

/** usePages reads a list page by page. */
export function usePages<T>(
  key: QueryKey,
  read: (after: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  refetchInterval?: number,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval,
  })
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) ?? [] }
}

/** useOrganizations returns those that the user may see; a guard may see none, and is not refused for asking. */
export function useOrganizations(): Organization[] {
  const query = useQuery({
    queryKey: ['organizations'],
    enabled: useUser().role !== 'GUARD',
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/organizations', { params: { query: { limit: 100 } }, signal })),
    staleTime: 300_000,
    select: oldestFirst,
  })
  return query.data ?? NONE
}

const NONE: Organization[] = []

/** oldestFirst is the order in which the first organization stands in where none is named. */
const oldestFirst = ({ items }: Page<Organization>) => items.toSorted((a, b) => a.id - b.id)

const MAKING_MS = 2000

function useDemoCompanies() {
  const query = useQuery({
    queryKey: ['demo'],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/demo', { signal })),
    staleTime: 60_000,
    refetchInterval: ({ state }) => (state.data?.items.some(isBeingMade) ? MAKING_MS : false),
  })
  return query.data?.items ?? []
}

/** useDemo returns the ids of the organizations that are made up. */
export function useDemo(): Set<number> {
  return new Set(useDemoCompanies().map(({ organizationId }) => organizationId))
}

/** useDemoMaking says whether one of them is still being made. */
export function useDemoMaking(): boolean {
  return useDemoCompanies().some(isBeingMade)
}

/** useZone returns the zone in which an organization's times are shown; without one, the user's own or the first. */
export function useZone(organizationId?: number): string {
  const user = useUser()
  const organizations = useOrganizations()
  const wanted = organizationId ?? user.organizationId
  const zone = (organizations.find(({ id }) => id === wanted) ?? organizations[0] ?? user).zone
  return zone && isZone(zone) ? zone : Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** useEmployee reads one employee. */
export function useEmployee(id: number | undefined) {
  return useQuery({
    queryKey: ['employee', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/employees/{id}', { params: { path: { id: id ?? 0 } }, signal })),
    staleTime: 300_000,
  })
}

/** useGateways reads the gateways, and again every so often where they are what the page is about. */
export function useGateways(refetchInterval?: number) {
  return usePages(
    ['gateways'],
    (after, signal) =>
      answer(api.GET('/api/v2/gateways', { params: { query: { limit: 100, after } }, signal })),
    refetchInterval,
  )
}
