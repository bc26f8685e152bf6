import { useState, type PointerEvent } from 'react'
import { bars, clamp, instant, position, type View } from '../../lib/timeline'
import css from './day.module.css'
import type { Lane, Piece } from './pieces'
import { useTexts } from './texts'

const HEIGHT = 18

interface Props {
  pieces: Record<Lane, Piece[]>
  view: View
  whole: View
  width: number
  onMove: (view: View) => void
}

/** Overview is the whole day in little, with what the lanes show of it; the view is dragged along it. */
export function Overview({ pieces, view, whole, width, onMove }: Props) {
  const t = useTexts()
  const [grip, setGrip] = useState<number>()
  const at = (event: PointerEvent) =>
    instant(event.clientX - event.currentTarget.getBoundingClientRect().left, whole, width)
  const move = (instantAt: number, offset: number) => {
    const from = instantAt - offset
    onMove(clamp({ from, to: from + view.to - view.from }, whole))
  }
  return (
    <svg
      className={css.overview}
      width={width}
      height={HEIGHT}
      aria-hidden="true"
      data-testid="overview"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        const inside = at(event) >= view.from && at(event) <= view.to
        const offset = inside ? at(event) - view.from : (view.to - view.from) / 2
        setGrip(offset)
        move(at(event), offset)
      }}
      onPointerMove={(event) => grip !== undefined && move(at(event), grip)}
      onPointerUp={() => setGrip(undefined)}
      onPointerCancel={() => setGrip(undefined)}
    >
      <title>{t('overview')}</title>
      <rect width={width} height={HEIGHT} rx="3" className={css.lane} />
      {(['session', 'window'] as const).map((lane, row) =>
        bars(pieces[lane], whole, width).map((bar) => (
          <rect
            key={lane + bar.x}
            x={bar.x}
            width={bar.width}
            y={row === 0 ? 3 : 8}
            height={row === 0 ? 3 : 7}
            fill={row === 0 && bar.main.what === 'locked' ? 'var(--locked)' : bar.main.colour}
          />
        )),
      )}
      <rect
        x={position(view.from, whole, width)}
        width={Math.max(position(view.to, whole, width) - position(view.from, whole, width), 4)}
        y="0.75"
        height={HEIGHT - 1.5}
        rx="3"
        className={css.window}
      />
    </svg>
  )
}
