import { numberOf } from '../../lib/ids'
import { useUrlState, type ChangeUrl } from '../../lib/urlState'
import { daysOf, readRange, type Preset, type Range } from '../../ui/dates/range'

export const kinds = ['applications', 'sites'] as const
export type Kind = (typeof kinds)[number]

export const comparisons = ['employees', 'departments', 'periods'] as const
export type Compares = (typeof comparisons)[number]

/** The page's whole state is in its address. */
export interface Address {
  range: Range & { preset?: Preset }
  days: number
  departmentId?: number
  employee?: number
  kind: Kind
  /** The one application or site that the lower part is about. */
  name?: string
  of: Compares
  table: boolean
  find: string
}

export function useAddress(today: string): [Address, ChangeUrl] {
  const [params, change] = useUrlState()
  const range = readRange(params, today, 'last30')
  const employee = numberOf(params.get('employee'))
  const address: Address = {
    range,
    days: daysOf(range),
    // The server's own name for it is understood too.
    departmentId: numberOf(params.get('departmentId') ?? params.get('department')),
    employee,
    kind: params.get('kind') === 'sites' ? 'sites' : 'applications',
    name: params.get('name') ?? undefined,
    of:
      comparisons.find((of) => of === params.get('of')) ?? (employee === undefined ? 'employees' : 'periods'),
    table: params.get('view') === 'table',
    find: params.get('find') ?? '',
  }
  return [address, change]
}

/** Asked is what every question to the server has in common. */
export interface Asked {
  from: string
  to: string
  organization?: number
  department?: number
  employee?: number
}
