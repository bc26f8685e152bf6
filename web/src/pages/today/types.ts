import type { Presence } from '../../api/types'

export type { Attention, Presence as Person, Today } from '../../api/types'

export type State = Presence['state']
