import type { Day, Share } from '../../api/types'
import type { Item } from '../../lib/timeline'

export const lanes = ['session', 'window', 'web', 'idle'] as const
export type Lane = (typeof lanes)[number]

/** A piece is one thing in a lane, with the words that explain it. */
export interface Piece extends Item {
  lane: Lane
  /** What it was: a program, a site, or a session's state. Empty for idle time. */
  what: string
  detail: string
  computer: string
  colour: string
}

/** The first ranks of a top list have a colour of their own, the same in the list and in the lane. */
const COLOURS = 7

export const colourOf = (rank: number): string =>
  rank >= 0 && rank < COLOURS ? `var(--series-${rank + 1})` : 'var(--series-other)'

const ranks = (top: Share[]) => new Map(top.map(({ name }, rank) => [name, rank]))

const byBeginning = (a: Item, b: Item) => a.from - b.from || a.to - b.to

/** piecesOf turns a day into its lanes, each in order of time. */
export function piecesOf(day: Day): Record<Lane, Piece[]> {
  const applications = ranks(day.topApplications)
  const sites = ranks(day.topSites)
  const span = ({ from, to, computer }: { from: string; to: string; computer: string }) => ({
    from: Date.parse(from),
    to: Date.parse(to),
    computer,
  })
  const made: Record<Lane, Piece[]> = {
    session: day.sessions.map((s) => ({
      ...span(s),
      lane: 'session',
      what: s.state,
      detail: '',
      colour: s.state === 'locked' ? 'var(--locked)' : 'var(--session)',
    })),
    window: day.windows.map((w) => ({
      ...span(w),
      lane: 'window',
      what: w.process,
      detail: w.title,
      colour: colourOf(applications.get(w.process) ?? -1),
    })),
    web: day.sites.map((s) => ({
      ...span(s),
      lane: 'web',
      what: s.host,
      detail: s.title ? `${s.title} — ${s.url}` : s.url,
      colour: colourOf(sites.get(s.host) ?? -1),
    })),
    idle: day.idle.map((i) => ({ ...span(i), lane: 'idle', what: '', detail: '', colour: 'var(--idle)' })),
  }
  lanes.forEach((lane) => made[lane].sort(byBeginning))
  return made
}

/** matches says that a piece is of the searched program, site or title. */
export function matches(piece: Piece, find: string): boolean {
  const wanted = find.trim().toLocaleLowerCase()
  return wanted === '' || `${piece.what} ${piece.detail}`.toLocaleLowerCase().includes(wanted)
}

/** busy is the stretch from the first to the last piece, with a margin; undefined without pieces. */
export function busy(pieces: Record<Lane, Piece[]>, whole: Item): Item | undefined {
  const all = lanes.flatMap((lane) => pieces[lane])
  if (all.length === 0) return undefined
  const from = all.reduce((least, piece) => Math.min(least, piece.from), Infinity)
  const to = all.reduce((most, piece) => Math.max(most, piece.to), -Infinity)
  const margin = Math.max((to - from) * 0.03, 300_000)
  return { from: Math.max(from - margin, whole.from), to: Math.min(to + margin, whole.to) }
}
