import type { Pass } from './types'

/** How a pass is shown: which way, refused, or of a way that nobody knows. */
export type Way = 'ENTER' | 'EXIT' | 'REFUSED' | 'UNKNOWN'

export const wayOf = ({ granted, direction }: Pick<Pass, 'granted' | 'direction'>): Way =>
  granted ? (direction ?? 'UNKNOWN') : 'REFUSED'

const PROBLEMS: Record<string, 'problem.person' | 'problem.inactive'> = {
  person_not_named: 'problem.person',
  person_unknown: 'problem.person',
  person_has_another_name: 'problem.person',
  person_inactive: 'problem.inactive',
}

/** problemOf is the text that says why a pass counts for nobody. */
export const problemOf = (problem?: string) => (problem ? (PROBLEMS[problem] ?? 'problem.aside') : undefined)

/** initials are the first letters of the first two words of a name; Sh and Ch count as one letter. */
export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .filter((word) => /\p{L}/u.test(word))
    .slice(0, 2)
    .map((word) => /^([SC]h|[OG][ʻʼ‘’'`])/.exec(word)?.[0] ?? /\p{L}/u.exec(word)?.[0] ?? '')
    .join('')

/** hue is a colour's number of 0 to 5, the same for the same name. */
export const hue = (name: string): number =>
  [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % 6

/** instantOf is today's clock time as an instant; undefined for a time that is none, or has not come. */
export function instantOf(clock: string, midnight: number, now: number): number | undefined {
  const match = /^(\d\d):(\d\d)$/.exec(clock)
  if (!match) return undefined
  const at = midnight + (Number(match[1]) * 60 + Number(match[2])) * 60_000
  return at <= now ? at : undefined
}
