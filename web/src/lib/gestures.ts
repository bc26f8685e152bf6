import { clamp, instant, type View } from './timeline'

/** A Touch is where a finger or the mouse is held: the instant under it when it went down, and where it is now. */
export interface Touch {
  at: number
  x: number
}

/** held is the view in which each touched instant stays under its finger: one drags, two pinch. */
export function held(touches: readonly Touch[], view: View, whole: View, width: number): View {
  const [first, second] = [...touches].sort((a, b) => a.at - b.at)
  if (!first) return view
  if (!second) {
    const from = view.from + first.at - instant(first.x, view, width)
    return clamp({ from, to: from + view.to - view.from }, whole)
  }
  const apart = Math.max(second.x - first.x, 1)
  const perPixel = (second.at - first.at) / apart
  const from = first.at - first.x * perPixel
  return clamp({ from, to: from + width * perPixel }, whole)
}
