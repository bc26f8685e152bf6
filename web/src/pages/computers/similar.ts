import type { ComputerUser, Employee } from '../../api/types'
import { alike } from '../../lib/fold'

/** Names that have less than this in common are not offered. */
const LEAST = 0.6
const MOST = 5

/** similar are the people who a Windows user may be by name or user name, the likeliest first. */
export function similar(
  user: Pick<ComputerUser, 'name' | 'username'>,
  people: readonly Employee[],
): Employee[] {
  return people
    .map((employee) => ({
      employee,
      share: Math.max(alike(user.name, employee.name), alike(user.username, employee.name)),
    }))
    .filter(({ share }) => share >= LEAST)
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST)
    .map(({ employee }) => employee)
}
