import { useLanguage } from '../../i18n/i18n'
import { duration, time } from '../../lib/format'
import { bars, position, type View } from '../../lib/timeline'
import css from './day.module.css'
import { useTexts } from './texts'
import { hourLabel, hours, weekLanes, type WeekDay, type WeekLane } from './week'

const WIDTH = 600
const HEIGHT = 26

/** WeekStrip is one day of the week in little: when somebody was active, idle, locked out. The row has the sums. */
export function WeekStrip({ day, frame, zone }: { day: WeekDay; frame: View; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const begin = Date.parse(day.from)
  const view = { from: begin + frame.from, to: begin + frame.to }
  const names: Record<WeekLane, string> = {
    active: t('active'),
    idle: t('idleTime'),
    locked: t('lockedTime'),
  }
  return (
    <svg
      className={css.weekStrip}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect width={WIDTH} height={HEIGHT} rx="3" className={css.lane} />
      {hours(frame).map((at) => (
        <line
          key={at}
          x1={position(at, frame, WIDTH)}
          x2={position(at, frame, WIDTH)}
          y2={HEIGHT}
          className={css.weekTick}
        />
      ))}
      {weekLanes.map((lane) =>
        bars(
          day.lanes[lane].map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) })),
          view,
          WIDTH,
        ).map((bar) => (
          <rect
            key={lane + bar.x}
            x={bar.x}
            width={bar.width}
            height={HEIGHT}
            className={css[`week-${lane}`]}
          >
            <title>
              {`${names[lane]}: ${time(bar.main.from, zone)}–${time(bar.main.to, zone)}, ${duration((bar.main.to - bar.main.from) / 1000, language)}`}
            </title>
          </rect>
        )),
      )}
    </svg>
  )
}

/** WeekAxis names the hours over the strips. */
export function WeekAxis({ frame }: { frame: View }) {
  return (
    <svg className={css.weekAxis} aria-hidden="true">
      {hours(frame).map((at) => {
        const share = ((at - frame.from) / (frame.to - frame.from)) * 100
        if (share > 92) return null
        return (
          <text key={at} x={`${share}%`} y="11" className={css.weekHour}>
            {hourLabel(at)}
          </text>
        )
      })}
    </svg>
  )
}
