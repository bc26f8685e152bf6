import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { usePages } from '../../api/queries'
import { addDays, startOfDay } from '../../lib/format'
import type { Doors } from './types'

/** The feed says what happens; this is for when it is down. */
const REFRESH_MS = 30_000

const PAGE = 50

export interface Asked {
  department?: number
  device?: number
  direction?: 'ENTER' | 'EXIT'
  granted?: boolean
}

/** useDoors reads today's numbers, of the whole organization. */
export const useDoors = (organization?: number, department?: number) =>
  useQuery({
    queryKey: ['passes', 'today', organization, department],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/passes/today', { params: { query: { organization, department } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  })

/** usePassesOf reads a day's passes, the latest first. */
export function usePassesOf(doors: Doors, date: string, asked: Asked, organization?: number) {
  const from = new Date(startOfDay(date, doors.zone)).toISOString()
  const to = new Date(startOfDay(addDays(date, 1), doors.zone)).toISOString()
  const query = { ...asked, organization, from, to, limit: PAGE }
  return usePages(
    ['passes', 'list', query],
    (after, signal) => answer(api.GET('/api/v2/passes', { params: { query: { ...query, after } }, signal })),
    date === doors.date ? REFRESH_MS : undefined,
  )
}

export const useInside = (organization?: number, department?: number) =>
  useQuery({
    queryKey: ['passes', 'inside', organization, department],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/passes/inside', { params: { query: { organization, department } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  })
