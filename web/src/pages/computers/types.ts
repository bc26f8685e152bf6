import type { Computer } from '../../api/types'

export type { Computer, Duplicate, Turn } from '../../api/types'

export const nameOf = ({ name, computerUid }: Pick<Computer, 'name' | 'computerUid'>) => name || computerUid
