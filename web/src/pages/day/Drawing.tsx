import { time } from '../../lib/format'
import { bars, position, ticks, type Bar, type View } from '../../lib/timeline'
import css from './day.module.css'
import { lanes, matches, type Lane, type Piece } from './pieces'

export const LANE = 30
const GAP = 8
const INSET = 8
/** The width of a letter of a label, rather too much than too little. */
const LETTER = 7
/** A label of fewer letters says nothing. */
const SHORTEST = 5
const AXIS = 22
const HEIGHT = AXIS + lanes.length * (LANE + GAP)

/** top is where a lane begins, in pixels. */
export const top = (lane: Lane) => AXIS + lanes.indexOf(lane) * (LANE + GAP)

/** Drawing is the lanes as a picture; what it says to the eye, Reason and the table say in words. */
export function Drawing(props: {
  pieces: Record<Lane, Piece[]>
  view: View
  whole: View
  zone: string
  find: string
  width: number
  shown?: Piece
  drag?: { from: number; to: number }
}) {
  const { pieces, view, whole, zone, find, width, shown, drag } = props
  return (
    <svg width={width} height={HEIGHT} className={css.svg} aria-hidden="true">
      <defs>
        {['idle', 'locked'].map((name) => (
          <pattern
            key={name}
            id={`hatch-${name}`}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="6" height="6" fill={`var(--${name})`} fillOpacity="0.25" />
            <rect width="3" height="6" fill={`var(--${name})`} />
          </pattern>
        ))}
      </defs>
      {ticks(view, whole, width).map((at) => {
        const x = position(at, view, width)
        return (
          <g key={at}>
            <line x1={x} x2={x} y1={AXIS - 4} y2={HEIGHT} className={css.tick} />
            <text x={Math.min(Math.max(x, 16), width - 16)} y={12} className={css.tickText}>
              {time(at, zone)}
            </text>
          </g>
        )
      })}
      {lanes.map((lane) => (
        <g key={lane} data-lane={lane} transform={`translate(0 ${top(lane)})`}>
          <rect width={width} height={LANE} className={css.lane} rx="3" />
          {bars(pieces[lane], view, width).map((bar) => (
            <g key={bar.x} opacity={matches(bar.main, find) ? 1 : 0.15}>
              <rect
                x={bar.x}
                width={bar.width}
                height={LANE}
                rx={bar.width > 6 ? 2 : 0}
                fill={fillOf(bar.main)}
                className={css.bar}
              />
              {labelOf(bar) && (
                <text x={bar.x + INSET} y={LANE / 2} className={css.label}>
                  {labelOf(bar)}
                </text>
              )}
            </g>
          ))}
        </g>
      ))}
      {shown && <Frame piece={shown} view={view} width={width} />}
      {drag && (
        <rect
          x={Math.min(drag.from, drag.to)}
          width={Math.abs(drag.to - drag.from)}
          y={AXIS}
          height={HEIGHT - AXIS}
          className={css.selection}
        />
      )}
    </svg>
  )
}

const fillOf = (piece: Piece): string => {
  if (piece.lane === 'idle') return 'url(#hatch-idle)'
  return piece.lane === 'session' && piece.what === 'locked' ? 'url(#hatch-locked)' : piece.colour
}

/** labelOf is the name of a program or site where its bar has room for it. */
function labelOf({ main, width, count }: Bar<Piece>): string {
  const named = main.lane === 'window' || main.lane === 'web'
  const room = Math.floor((width - 2 * INSET) / LETTER)
  if (!named || count > 1 || room < SHORTEST) return ''
  return main.what.length <= room ? main.what : `${main.what.slice(0, room - 1)}…`
}

/** Frame marks the piece that is explained. */
function Frame({ piece, view, width }: { piece: Piece; view: View; width: number }) {
  const from = Math.max(position(piece.from, view, width), 1)
  const to = Math.min(position(piece.to, view, width), width - 1)
  return (
    <rect
      x={from - 1}
      width={Math.max(to - from, 1) + 2}
      y={top(piece.lane) - 1}
      height={LANE + 2}
      className={css.frame}
      rx="3"
    />
  )
}
