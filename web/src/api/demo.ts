import type { components } from './schema'

type Company = components['schemas']['DemoCompanyResponse']

/** isBeingMade says that people, computers or the past of a made-up company are still to come. */
export const isBeingMade = ({ ready, madeAt, sentUntil }: Pick<Company, 'ready' | 'madeAt' | 'sentUntil'>) =>
  !ready || sentUntil === undefined || Date.parse(sentUntil) < Date.parse(madeAt)
