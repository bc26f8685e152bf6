import { useState } from 'react'
import { useLanguage } from '../../i18n/i18n'
import { duration } from '../../lib/format'
import { levels } from './numbers'
import css from './statistics.module.css'
import { useTexts } from './texts'

export interface Point {
  at: string
  date: string
  seconds: number
  events: number
  /** How the axis and how a sentence calls it. */
  tick: string
  name: string
}

interface Props {
  points: Point[]
  label: string
  colour: string
  onOpen?: (date: string) => void
}

const HEIGHT = 100
const LABELS = 8
const GAP = 0.2

/** Chart draws points as bars. The table beside it says the same; for who cannot see it, so does its name. */
export function Chart({ points, label, colour, onOpen }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const [pointed, setPointed] = useState<Point>()
  const top = points.reduce<Point | undefined>(
    (most, one) => (most && most.seconds >= one.seconds ? most : one),
    undefined,
  )
  const lines = levels(top?.seconds ?? 0)
  const full = lines.at(-1) ?? 1
  const y = (seconds: number) => (1 - seconds / full) * HEIGHT
  const said = (point: Point) => t('chart.says', { at: point.name, time: duration(point.seconds, language) })
  return (
    <div className={css.chart}>
      <svg className={css.levels} aria-hidden="true">
        {lines.map((line) => (
          <text key={line} x="100%" y={`${y(line)}%`} className={css.tick} textAnchor="end" dy="0.32em">
            {line === 0 ? '0' : duration(line, language)}
          </text>
        ))}
      </svg>
      <svg
        className={css.plot}
        viewBox={`0 0 ${Math.max(points.length, 1)} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}. ${top ? said(top) : ''}`}
        data-testid="bars"
        onMouseLeave={() => setPointed(undefined)}
      >
        {lines.map((line) => (
          <line key={line} x1="0" x2={points.length} y1={y(line)} y2={y(line)} className={css.level} />
        ))}
        {points.map((point, n) => (
          <g
            key={point.at}
            className={onOpen && css.opens}
            onMouseEnter={() => setPointed(point)}
            onClick={() => onOpen?.(point.date)}
          >
            <rect x={n} y="0" width="1" height={HEIGHT} className={css.column} />
            <rect
              x={n + GAP / 2}
              y={y(point.seconds)}
              width={1 - GAP}
              height={HEIGHT - y(point.seconds)}
              fill={colour}
            />
          </g>
        ))}
      </svg>
      <svg className={css.axis} aria-hidden="true">
        {points.map(({ at, tick }, n) => {
          const every = Math.ceil(points.length / LABELS)
          if (n % every !== 0) return null
          return (
            <text
              key={at}
              x={`${((n + 0.5) / points.length) * 100}%`}
              y="12"
              textAnchor="middle"
              className={css.tick}
              data-second={(n / every) % 2 === 1 || undefined}
            >
              {tick}
            </text>
          )
        })}
      </svg>
      <p className={css.pointed} aria-hidden="true">
        {pointed ? `${pointed.name}: ${duration(pointed.seconds, language)}` : top && said(top)}
      </p>
    </div>
  )
}
