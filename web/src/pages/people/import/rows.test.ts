import { expect, it } from 'vitest'
import type { ImportRow } from '../../../api/types'
import { errorTable, ordered } from './rows'

const row = (n: number, state: ImportRow['state'], ...problems: [string, boolean][]): ImportRow => ({
  row: n,
  state,
  name: '',
  department: '',
  changes: [],
  problems: problems.map(([heading, warning]) => ({
    column: 'name',
    heading,
    code: 'x',
    message: 'Wrong',
    value: '=1',
    warning,
  })),
})

const rows = [
  row(2, 'unchanged'),
  row(3, 'new'),
  row(4, 'unchanged', ['ФИО', true]),
  row(5, 'error', ['ФИО', true], ['Отдел', false]),
  row(6, 'changed'),
  row(7, 'error', ['Тел', false]),
]

it('puts what somebody has to look at first', () => {
  expect(ordered(rows).map((r) => r.row)).toEqual([5, 7, 4, 6, 3, 2])
})

it('lists errors, and no warnings, by row and column', () => {
  expect(errorTable(['a', 'b', 'c', 'd'], rows)).toEqual([
    ['a', 'b', 'c', 'd'],
    ['5', 'Отдел', '=1', 'Wrong'],
    ['7', 'Тел', '=1', 'Wrong'],
  ])
})
