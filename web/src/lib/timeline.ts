// The geometry of the day's lanes: what is in view, what is drawn where, what lies under the pointer.

/** A view is the stretch of time that is shown, in milliseconds since 1970. */
export interface View {
  from: number
  to: number
}

/** An item is something that lasted. */
export interface Item {
  from: number
  to: number
}

/** A bar is what is drawn: one item, or several that would be closer than a pixel. */
export interface Bar<T extends Item> {
  x: number
  width: number
  /** The longest of the items, which gives the bar its colour. */
  main: T
  count: number
}

const SHORTEST_MS = 60_000
const THINNEST_PX = 1.5

const MINUTE = 60_000
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * MINUTE)

export const position = (at: number, view: View, width: number): number =>
  ((at - view.from) / (view.to - view.from)) * width

export const instant = (x: number, view: View, width: number): number =>
  view.from + (x / width) * (view.to - view.from)

/** clamp keeps a view inside the whole, moving it before it shrinks it. */
export function clamp(view: View, whole: View): View {
  const length = Math.min(Math.max(view.to - view.from, SHORTEST_MS), whole.to - whole.from)
  const from = Math.min(Math.max(view.from, whole.from), whole.to - length)
  return { from, to: from + length }
}

/** zoom scales the view by factor (under 1 is closer) and keeps the instant at where it is. */
export function zoom(view: View, whole: View, factor: number, at: number): View {
  const inside = Math.min(Math.max(at, view.from), view.to)
  return clamp(
    { from: inside - (inside - view.from) * factor, to: inside + (view.to - inside) * factor },
    whole,
  )
}

/** pan moves the view by a share of its length. */
export function pan(view: View, whole: View, share: number): View {
  const step = (view.to - view.from) * share
  return clamp({ from: view.from + step, to: view.to + step }, whole)
}

export const middle = (view: View): number => (view.from + view.to) / 2

export const same = (a: View, b: View): boolean => a.from === b.from && a.to === b.to

/** ticks are the labelled instants: as many as have room, on round minutes of the day, at least a step apart. */
export function ticks(view: View, whole: View, width: number, room = 64, least = 0): number[] {
  const wanted = Math.max(((view.to - view.from) / Math.max(width, 1)) * room, least)
  const step = STEPS.find((candidate) => candidate >= wanted) ?? STEPS[STEPS.length - 1]!
  const first = whole.from + Math.ceil((view.from - whole.from) / step) * step
  const found: number[] = []
  for (let at = first; at <= view.to; at += step) found.push(at)
  return found
}

/** bars lays out the items of a lane, which are in order of their beginning. */
export function bars<T extends Item>(items: readonly T[], view: View, width: number): Bar<T>[] {
  const laid: Bar<T>[] = []
  for (const item of items) {
    if (item.to < view.from || item.from > view.to) continue
    const x = Math.max(position(item.from, view, width), 0)
    const end = Math.min(Math.max(position(item.to, view, width), x + THINNEST_PX), width)
    const last = laid[laid.length - 1]
    if (last && tooClose(last, x, end)) merge(last, item, end)
    else
      laid.push({
        x: Math.min(x, width - THINNEST_PX),
        width: Math.max(end - x, THINNEST_PX),
        main: item,
        count: 1,
      })
  }
  return laid
}

/** tooClose says that both are slivers which would cover the same pixels. */
function tooClose<T extends Item>(last: Bar<T>, x: number, end: number): boolean {
  return x < last.x + last.width + 0.5 && (end - x <= THINNEST_PX * 2 || last.width <= THINNEST_PX * 2)
}

function merge<T extends Item>(bar: Bar<T>, item: T, end: number): void {
  bar.width = Math.max(bar.width, end - bar.x)
  bar.count++
  if (item.to - item.from > bar.main.to - bar.main.from) bar.main = item
}

/** under returns the item at the instant, or the nearest one within slack milliseconds. */
export function under<T extends Item>(items: readonly T[], at: number, slack: number): T | undefined {
  let best: T | undefined
  let bestDistance = slack
  for (const item of items) {
    const distance = Math.max(item.from - at, at - item.to, 0)
    const shorter = best !== undefined && item.to - item.from < best.to - best.from
    if (distance < bestDistance || (distance === bestDistance && (best === undefined || shorter))) {
      best = item
      bestDistance = distance
    }
  }
  return best
}

/** neighbour returns the item before (-1) or after (1) the given one, or the first in view. */
export function neighbour<T extends Item>(
  items: readonly T[],
  current: T | undefined,
  step: -1 | 1,
  view: View,
): T | undefined {
  const at = current ? items.indexOf(current) : -1
  if (at >= 0) return items[at + step] ?? current
  const shown = items.filter((item) => item.to >= view.from && item.from <= view.to)
  return step === 1 ? shown[0] : shown[shown.length - 1]
}

/** reveal moves the view so that the item can be seen. */
export function reveal(item: Item, view: View, whole: View): View {
  if (item.to > view.from && item.from < view.to) return view
  const half = (view.to - view.from) / 2
  return clamp({ from: (item.from + item.to) / 2 - half, to: (item.from + item.to) / 2 + half }, whole)
}
