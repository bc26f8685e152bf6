import type { Policy, PolicyContent, PolicyInput } from '../../api/types'

export const categories = ['productive', 'neutral', 'unproductive'] as const
export type Category = (typeof categories)[number]

/** Values are a policy as its form has it: lists are texts, one entry a line, and hours stay while they are off. */
export interface Values {
  title: string
  isActive: boolean
  activeWindows: boolean
  visitedSites: boolean
  screenshots: boolean
  screenshotSeconds: number
  screenshotGrayscale: boolean
  screenshotAll: boolean
  limited: boolean
  hours: NonNullable<PolicyContent['hours']>
  titles: string
  sites: string
  applications: string
  privateWindows: boolean
  groups: { id: number; category: Category }[]
}

/** Stage is to how many gateways a version goes first, and how it goes on. */
export interface Stage {
  percent: number
  step: number
  everyMinutes: number
}

export const AT_ONCE: Stage = { percent: 100, step: 0, everyMinutes: 120 }

const categoryOf = (text: string): Category => categories.find((one) => one === text) ?? 'neutral'

/** No zone stands for the organization's, which may not be known yet. */
const USUAL = { zone: '', days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }

/** BLANK is where a new policy begins: all is recorded, but nothing of private windows. */
export const BLANK: Values = {
  title: '',
  isActive: true,
  activeWindows: true,
  visitedSites: true,
  screenshots: false,
  screenshotSeconds: 300,
  screenshotGrayscale: false,
  screenshotAll: false,
  limited: false,
  hours: USUAL,
  titles: '',
  sites: '',
  applications: '',
  privateWindows: true,
  groups: [],
}

/** Said is a policy without what the server knows about it. */
type Said = Pick<Policy, 'title' | 'isActive' | 'content'>

/** valuesOf is what a policy's form begins with. */
export function valuesOf({ title, isActive, content }: Said): Values {
  const { hours, exclude, groups, ...rest } = content
  return {
    ...rest,
    title,
    isActive,
    limited: hours !== undefined,
    hours: hours ?? USUAL,
    titles: exclude.titles.join('\n'),
    sites: exclude.sites.join('\n'),
    applications: exclude.applications.join('\n'),
    privateWindows: exclude.privateWindows,
    groups: groups.map(({ id, category }) => ({ id, category: categoryOf(category) })),
  }
}

/**
 * linesOf are the entries of a text as the server keeps them: in order, each once, without the space around. The server
 * names a wrong entry by its place in that list.
 */
export function linesOf(text: string, lower: boolean): string[] {
  const known = new Map<string, string>()
  for (const line of text.split('\n')) {
    const entry = lower ? line.trim().toLowerCase() : line.trim()
    const folded = entry.toLowerCase()
    if (entry && !known.has(folded)) known.set(folded, entry)
  }
  return [...known.values()].sort()
}

/** stageOf leaves out what is usual. */
export const stageOf = ({ percent, step, everyMinutes }: Stage): Partial<Stage> =>
  percent === 100 ? {} : { percent, ...(step > 0 && { step, everyMinutes }) }

type Body = Omit<PolicyInput, 'revision'> & { exclude: PolicyContent['exclude'] }

/** bodyOf is what is sent of the form; the zone is the organization's. */
export function bodyOf(values: Values, zone: string): Body {
  return {
    title: values.title,
    isActive: values.isActive,
    activeWindows: values.activeWindows,
    visitedSites: values.visitedSites,
    screenshots: values.screenshots,
    screenshotSeconds: values.screenshotSeconds,
    screenshotGrayscale: values.screenshotGrayscale,
    screenshotAll: values.screenshotAll,
    ...(values.limited && { hours: { ...values.hours, zone: values.hours.zone || zone } }),
    exclude: {
      titles: linesOf(values.titles, false),
      sites: linesOf(values.sites, true),
      applications: linesOf(values.applications, true),
      privateWindows: values.privateWindows,
    },
    groups: values.groups,
  }
}
