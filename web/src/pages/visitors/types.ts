import type { components } from '../../api/schema'

type Schemas = components['schemas']

export type Visitor = Schemas['VisitorsVisitorResponse']
export type Visit = Schemas['VisitorsVisitResponse']
export type Code = Schemas['VisitorsCodeResponse']
export type VisitorsDay = Schemas['VisitorsTodayResponse']
export type Arrival = Schemas['VisitorsArrival']
export type VisitorInput = Schemas['VisitorsVisitorInput']
export type NewCode = Schemas['VisitorsNewCode']
