import { Button } from '@mantine/core'
import { useElementSize, useMergedRef } from '@mantine/hooks'
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { time } from '../../lib/format'
import {
  clamp,
  instant,
  middle,
  neighbour,
  pan,
  reveal,
  same,
  under,
  zoom,
  type View,
} from '../../lib/timeline'
import { held, type Touch } from '../../lib/gestures'
import { LeftIcon, MinusIcon, PlusIcon, RightIcon } from '../../ui/icons'
import { IconButton } from '../../ui/parts'
import css from './day.module.css'
import { lanes, type Lane, type Piece } from './pieces'
import { Drawing, LANE, top } from './Drawing'
import { Overview } from './Overview'
import { Reason } from './Reason'
import { useTexts } from './texts'

const IN = 0.5
const OUT = 2
const SLACK_PX = 4
const DRAG_PX = 6
/** The share of the view that a key moves it by. */
const NUDGE = 0.25

interface Props {
  pieces: Record<Lane, Piece[]>
  view: View
  whole: View
  /** The stretch with activity. */
  frame: View
  zone: string
  find: string
  onMove: (view: View) => void
}

/** Timeline draws the day's lanes. Everything that the pointer can do, the keyboard and the buttons can. */
export function Timeline(props: Props) {
  const { pieces, view, whole, zone, onMove } = props
  const t = useTexts()
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>()
  const wheelRef = useWheel(view, whole, onMove)
  const ref = useMergedRef(sizeRef, wheelRef)
  const [shown, setShown] = useState<{ piece: Piece; byKey: boolean }>()
  const [lane, setLane] = useState<Lane>('window')

  const find = (event: PointerEvent) => {
    const { x, y } = place(event)
    const over = lanes.find((name) => y >= top(name) && y <= top(name) + LANE)
    const slack = (SLACK_PX / width) * (view.to - view.from)
    const piece = over && under(pieces[over], instant(x, view, width), slack)
    setShown(piece && { piece, byKey: false })
  }
  const { drag, holding, handlers } = useHold({ view, whole, width, onMove, onRest: find })
  const walk = (on: Lane, step: -1 | 1, from?: Piece) => {
    const piece = neighbour(pieces[on], from, step, view)
    if (!piece) return setShown(undefined)
    setShown({ piece, byKey: true })
    const next = reveal(piece, view, whole)
    if (!same(next, view)) onMove(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const current = shown?.piece.lane === lane ? shown.piece : undefined
    const change = (step: -1 | 1) => {
      const next = lanes[(lanes.indexOf(lane) + step + lanes.length) % lanes.length]!
      setLane(next)
      walk(next, 1)
    }
    const sideways = (step: -1 | 1) =>
      event.shiftKey ? onMove(pan(view, whole, step * NUDGE)) : walk(lane, step, current)
    const keys: Record<string, () => void> = {
      ArrowRight: () => sideways(1),
      ArrowLeft: () => sideways(-1),
      ArrowDown: () => change(1),
      ArrowUp: () => change(-1),
      PageDown: () => onMove(pan(view, whole, 1)),
      PageUp: () => onMove(pan(view, whole, -1)),
      '+': () => onMove(zoom(view, whole, IN, focusOf(current, view))),
      '=': () => onMove(zoom(view, whole, IN, focusOf(current, view))),
      '-': () => onMove(zoom(view, whole, OUT, focusOf(current, view))),
      '0': () => onMove(whole),
      Escape: () => setShown(undefined),
    }
    const act = keys[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  }
  return (
    <div className={css.timeline}>
      <Buttons {...props} />
      <div className={css.grid}>
        <div className={css.names} aria-hidden="true">
          {lanes.map((name) => (
            <span key={name} className={shown?.byKey && name === lane ? css.current : undefined}>
              {t(name)}
            </span>
          ))}
        </div>
        <div
          ref={ref}
          className={css.plot}
          data-pans={!same(view, whole) || undefined}
          data-holding={holding || undefined}
          tabIndex={0}
          role="group"
          aria-label={`${t('timeline')}: ${time(view.from, zone)}–${time(view.to, zone)}`}
          aria-describedby="timeline-hint"
          data-testid="timeline"
          data-view={`${time(view.from, zone)}-${time(view.to, zone)}`}
          onKeyDown={onKeyDown}
          {...handlers}
          onDoubleClick={(event) => onMove(zoom(view, whole, IN, instant(place(event).x, view, width)))}
          onPointerLeave={(event) => event.pointerType === 'mouse' && setShown(undefined)}
          onBlur={() => setShown(undefined)}
        >
          {width > 0 && <Drawing {...props} width={width} shown={shown?.piece} drag={drag} />}
          {shown && !holding && (
            <Reason
              piece={shown.piece}
              pieces={pieces}
              view={view}
              width={width}
              zone={zone}
              top={top(shown.piece.lane) + LANE}
            />
          )}
          <div className={css.spoken} aria-live="polite">
            {shown?.byKey && <Reason piece={shown.piece} pieces={pieces} view={view} width={0} zone={zone} />}
          </div>
        </div>
        <span />
        {width > 0 && <Overview {...props} width={width} />}
      </div>
      <p id="timeline-hint" className={css.hint}>
        {t('hint')}
      </p>
    </div>
  )
}

const place = (event: { currentTarget: Element; clientX: number; clientY: number }) => {
  const box = event.currentTarget.getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

const focusOf = (piece: Piece | undefined, view: View) => (piece ? (piece.from + piece.to) / 2 : middle(view))

interface Hold {
  view: View
  whole: View
  width: number
  onMove: (view: View) => void
  onRest: (event: PointerEvent) => void
}

/**
 * useHold moves the lanes with what holds them: one pointer drags, two fingers pinch. Where there is nothing to drag,
 * or with Shift, the mouse marks the stretch that is wanted.
 */
function useHold({ view, whole, width, onMove, onRest }: Hold) {
  const [touches, setTouches] = useState<(Touch & { id: number })[]>([])
  const [drag, setDrag] = useState<{ from: number; to: number }>()
  const release = (event: PointerEvent) => {
    if (drag && Math.abs(drag.to - drag.from) > DRAG_PX) {
      const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]
      onMove(clamp({ from: instant(from, view, width), to: instant(to, view, width) }, whole))
    }
    setDrag(undefined)
    setTouches(touches.filter(({ id }) => id !== event.pointerId))
  }
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      const { x } = place(event)
      if (event.pointerType === 'mouse' && (event.shiftKey || same(view, whole))) setDrag({ from: x, to: x })
      else setTouches([...touches, { id: event.pointerId, at: instant(x, view, width), x }])
    },
    onPointerMove: (event: PointerEvent) => {
      const { x } = place(event)
      if (drag) return setDrag({ ...drag, to: x })
      if (!touches.some(({ id }) => id === event.pointerId)) return onRest(event)
      const moved = touches.map((touch) => (touch.id === event.pointerId ? { ...touch, x } : touch))
      setTouches(moved)
      const next = held(moved, view, whole, width)
      if (!same(next, view)) onMove(next)
    },
    onPointerUp: (event: PointerEvent) => {
      release(event)
      onRest(event)
    },
    onPointerCancel: release,
  }
  return { drag, holding: touches.length > 0, handlers }
}

/** useWheel zooms with Ctrl (or a pinch) and pans sideways; a plain wheel scrolls the page unless the lanes have focus. */
function useWheel(view: View, whole: View, onMove: (view: View) => void) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const plot = element.current
    const onWheel = (event: WheelEvent) => {
      if (!plot) return
      const box = plot.getBoundingClientRect()
      const sideways = event.shiftKey ? event.deltaY : event.deltaX
      if (
        event.ctrlKey ||
        event.metaKey ||
        (document.activeElement === plot && !event.shiftKey && event.deltaY !== 0)
      ) {
        event.preventDefault()
        const at = instant(event.clientX - box.left, view, box.width)
        onMove(zoom(view, whole, Math.exp(Math.sign(event.deltaY) * 0.2), at))
      } else if (sideways !== 0) {
        event.preventDefault()
        onMove(pan(view, whole, sideways / box.width))
      }
    }
    plot?.addEventListener('wheel', onWheel, { passive: false })
    return () => plot?.removeEventListener('wheel', onWheel)
  }, [view, whole, onMove])
  return element
}

function Buttons({ view, whole, frame, onMove }: Props) {
  const t = useTexts()
  const atWhole = same(view, whole)
  return (
    <div className={css.buttons}>
      <IconButton
        label={t('earlier')}
        onClick={() => onMove(pan(view, whole, -0.5))}
        disabled={view.from <= whole.from}
      >
        <LeftIcon />
      </IconButton>
      <IconButton
        label={t('later')}
        onClick={() => onMove(pan(view, whole, 0.5))}
        disabled={view.to >= whole.to}
      >
        <RightIcon />
      </IconButton>
      <IconButton label={t('zoomIn')} onClick={() => onMove(zoom(view, whole, IN, middle(view)))}>
        <PlusIcon />
      </IconButton>
      <IconButton
        label={t('zoomOut')}
        onClick={() => onMove(zoom(view, whole, OUT, middle(view)))}
        disabled={atWhole}
      >
        <MinusIcon />
      </IconButton>
      <Button size="compact-sm" variant="default" disabled={same(view, frame)} onClick={() => onMove(frame)}>
        {t('fit')}
      </Button>
      <Button size="compact-sm" variant="default" disabled={atWhole} onClick={() => onMove(whole)}>
        {t('whole')}
      </Button>
    </div>
  )
}
