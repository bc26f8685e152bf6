import type { Branch } from '../../api/departments'
import type { Assignment, Schedule } from '../../api/types'

/** Headcount is how many people a department has, those under it included, and how many of them are at work now. */
export interface Headcount {
  all: number
  here: number
}

interface Somebody {
  departmentId: number
  state: string
}

/** headcounts counts everybody in her department and in all over it. */
export function headcounts(branches: readonly Branch[], people: readonly Somebody[]): Map<number, Headcount> {
  const counts = new Map(branches.map(({ id }) => [id, { all: 0, here: 0 }]))
  const paths = new Map(branches.map(({ id, path }) => [id, path]))
  for (const { departmentId, state } of people) {
    for (const id of paths.get(departmentId) ?? []) {
      const count = counts.get(id)!
      count.all++
      if (state === 'present' || state === 'away') count.here++
    }
  }
  return counts
}

/** Effective is the schedule that a department works by, and where it has it from. */
export interface Effective {
  schedule?: Schedule
  /** Of itself, of a department over it, or the organization's usual one. */
  from: 'own' | 'over' | 'default' | 'none'
  over?: Branch
}

/** effectiveOf finds a department's schedule: its own, else that of the nearest one over it, else the usual one. */
export function effectiveOf(
  branch: Branch,
  branches: readonly Branch[],
  assignments: readonly Assignment[],
  schedules: readonly Schedule[],
): Effective {
  for (const id of [...branch.path].reverse()) {
    const assigned = assignments.find(({ departmentId }) => departmentId === id)
    const schedule = assigned && schedules.find((one) => one.id === assigned.scheduleId)
    if (!schedule) continue
    if (id === branch.id) return { schedule, from: 'own' }
    return { schedule, from: 'over', over: branches.find((one) => one.id === id) }
  }
  const usual = schedules.find(({ isDefault }) => isDefault)
  return usual ? { schedule: usual, from: 'default' } : { from: 'none' }
}
