import type { ReactNode } from 'react'

export interface Option {
  value: string
  label: string
}

/** A filter of a column; each is a parameter of the list's API of the column's name. */
export type Filter =
  | { kind: 'text' }
  /** Any of several; chips stand above the table, always in sight. */
  | { kind: 'enum'; options: Option[]; chips?: boolean }
  | { kind: 'bool'; yes: string; no: string }
  | { kind: 'select'; options: Option[] }
  | { kind: 'number' }
  /** Days of the grid's zone; the API gets instants. */
  | { kind: 'dates' }

export interface Column<T> {
  /** The server's name of the column, by which it sorts and filters. */
  id: string
  title: string
  cell: (row: T) => ReactNode
  sort?: boolean
  filter?: Filter
  number?: boolean
  /** Keeps its text in one line. */
  nowrap?: boolean
  /** Says what the row is: it stays in sight, and is the heading of a phone's card. One column has it. */
  head?: boolean
  /** Not shown until the user asks for it. */
  hidden?: boolean
}

export interface Sort {
  id: string
  down: boolean
}
