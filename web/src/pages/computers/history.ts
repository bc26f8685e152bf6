import type { Item } from '../../lib/timeline'
import type { Turn } from './types'

/** A Stretch is how long a computer was in one state. */
export interface Stretch extends Item {
  turn: Turn
}

/** stretches makes of turns, the newest first, how long each lasted; the last one still does. */
export function stretches(turns: readonly Turn[], now: number): Stretch[] {
  const made: Stretch[] = []
  let to = now
  for (const turn of turns) {
    const from = Date.parse(turn.at)
    if (from < to) made.unshift({ from, to, turn })
    to = Math.min(to, from)
  }
  return made
}
