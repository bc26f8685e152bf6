import type { components } from '../../api/schema'

type Schemas = components['schemas']

export type Pass = Schemas['DoorsPassResponse']
export type Insider = Schemas['DoorsInsideResponse']
export type Doors = Schemas['DoorsTodayResponse']
export type NewPass = Schemas['DoorsPassInput']
