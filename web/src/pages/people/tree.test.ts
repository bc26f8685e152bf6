import { expect, it } from 'vitest'
import { flatten } from '../../api/departments'
import type { Schedule } from '../../api/types'
import { effectiveOf, headcounts } from './tree'

const branches = flatten([
  {
    id: 1,
    name: 'Zavod',
    children: [
      { id: 2, name: 'Sex', children: [] },
      { id: 3, name: 'Ombor', children: [{ id: 4, name: 'Yuk', children: [] }] },
    ],
  },
  { id: 5, name: 'Savdo', children: [] },
])
const schedule = (id: number, isDefault = false): Schedule => ({
  id,
  organizationId: 1,
  name: `№ ${id}`,
  days: [1, 2, 3, 4, 5],
  start: '09:00',
  end: '18:00',
  graceMinutes: 0,
  isDefault,
  keepsHolidays: true,
  createdAt: '',
  updatedAt: '',
})

it('lists the tree as it is read', () => {
  expect(branches.map(({ id, depth }) => [id, depth])).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 0],
  ])
})

it('counts people up the tree', () => {
  const counts = headcounts(branches, [
    { departmentId: 4, state: 'present' },
    { departmentId: 3, state: 'absent' },
    { departmentId: 2, state: 'away' },
    { departmentId: 99, state: 'present' },
  ])
  expect(counts.get(1)).toEqual({ all: 3, here: 2 })
  expect(counts.get(3)).toEqual({ all: 2, here: 1 })
  expect(counts.get(5)).toEqual({ all: 0, here: 0 })
})

it('inherits schedules down the tree', () => {
  const schedules = [schedule(1, true), schedule(2)]
  const assigned = [{ departmentId: 3, scheduleId: 2 }]
  const of = (id: number, all = schedules) =>
    effectiveOf(
      branches.find((one) => one.id === id)!,
      branches,
      assigned,
      all,
    )
  expect(of(3)).toMatchObject({ from: 'own', schedule: { id: 2 } })
  expect(of(4)).toMatchObject({ from: 'over', schedule: { id: 2 }, over: { id: 3 } })
  expect(of(2)).toMatchObject({ from: 'default', schedule: { id: 1 } })
  expect(of(2, [])).toEqual({ from: 'none' })
})
