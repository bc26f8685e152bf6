import type { ImportRow } from '../../../api/types'

const RANK: Record<ImportRow['state'], number> = { error: 0, changed: 2, new: 3, unchanged: 4 }

const rankOf = ({ state, problems }: ImportRow) =>
  state !== 'error' && problems.length > 0 ? 1 : RANK[state]

/** ordered puts first what somebody has to look at: errors, then warnings, then what is written, each in the file's order. */
export const ordered = (rows: ImportRow[]): ImportRow[] =>
  rows.toSorted((a, b) => rankOf(a) - rankOf(b) || a.row - b.row)

/** errorTable is every error by its row and column, for a spreadsheet. */
export const errorTable = (headings: string[], rows: ImportRow[]): string[][] => [
  headings,
  ...rows.flatMap(({ row, problems }) =>
    problems
      .filter(({ warning }) => !warning)
      .map(({ heading, value, message }) => [String(row), heading, value ?? '', message]),
  ),
]
