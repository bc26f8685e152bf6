import { time } from '../../lib/format'
import { position, ticks, type View } from '../../lib/timeline'
import css from './today.module.css'
import { lateness } from './people'
import type { Person } from './types'

const WIDTH = 240
const HEIGHT = 18

/** Strip draws a person's shift, and over it from when to when she was seen. The row says the same in words. */
export function Strip({ person, view, now }: { person: Person; view: View; now?: number }) {
  const x = (at: number) => position(at, view, WIDTH)
  const span = (from?: string, until?: string) =>
    from && until
      ? { x: x(Date.parse(from)), width: Math.max(x(Date.parse(until)) - x(Date.parse(from)), 2) }
      : undefined
  const shift = span(person.expectedFrom, person.expectedUntil)
  const seen = span(person.firstAt, person.lastAt ?? person.firstAt)
  const late = lateness(person) > 0 ? span(person.expectedFrom, person.firstAt) : undefined
  return (
    <svg
      className={css.strip}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {shift && <rect {...shift} y="3" height={HEIGHT - 6} rx="2" className={css.shift} />}
      {late && <rect {...late} y="3" height={HEIGHT - 6} rx="2" className={css.lateGap} />}
      {seen && (
        <rect
          {...seen}
          y="5"
          height={HEIGHT - 10}
          rx="1.5"
          className={now === undefined ? css.seen : (css[`seen-${person.state}`] ?? css.seen)}
        />
      )}
      {now !== undefined && now > view.from && now < view.to && (
        <line x1={x(now)} x2={x(now)} y1="0" y2={HEIGHT} className={css.now} />
      )}
    </svg>
  )
}

/** StripAxis names the hours over the strips. */
export function StripAxis({ view, zone }: { view: View; zone: string }) {
  return (
    <svg className={css.stripAxis} aria-hidden="true">
      {ticks(view, view, WIDTH, 56).map((at) => {
        const share = ((at - view.from) / (view.to - view.from)) * 100
        if (share > 92) return null
        return (
          <text key={at} x={`${share}%`} y="11" className={css.stripTick}>
            {time(at, zone)}
          </text>
        )
      })}
    </svg>
  )
}
