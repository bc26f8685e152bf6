import { useLanguage } from '../../i18n/i18n'
import { day, duration, number, time } from '../../lib/format'
import type { Tone } from '../../ui/parts'
import { useMoment, useWhy } from '../../ui/machine/words'
import { useAbsenceTexts } from '../../ui/absences/texts'
import { useTexts as useAlertTexts } from '../alerts/texts'
import { isSilent, lateness } from './people'
import { useTexts } from './texts'
import type { Attention, Person, State } from './types'

export const TONES: Record<State | 'came', Tone> = {
  came: 'good',
  present: 'good',
  away: 'warn',
  left: 'quiet',
  absent: 'bad',
  later: 'quiet',
  excused: 'quiet',
  dayOff: 'quiet',
}

/** useLate says by how much somebody was late. */
export function useLate(): (person: Person) => string {
  const t = useTexts()
  const language = useLanguage()
  return (person) => t('late.by', { by: duration(lateness(person) * 60, language) })
}

/** shiftOf writes a shift as 09:00–18:00. */
export const shiftOf = (person: Person, zone: string): string =>
  person.expectedFrom && person.expectedUntil
    ? `${time(Date.parse(person.expectedFrom), zone)}–${time(Date.parse(person.expectedUntil), zone)}`
    : ''

/** useAbsence says for what reason somebody need not come, and until when. */
function useAbsence(): (person: Person) => string {
  const t = useTexts()
  const kind = useAbsenceTexts()
  const language = useLanguage()
  return ({ absence }) =>
    absence
      ? t('excused.until', { kind: kind(`kind.${absence.kind}`), day: day(absence.lastDay, language) })
      : ''
}

/**
 * useReason says why somebody is not here: for a reason that was entered, else as far as her computer tells, which of
 * past days it does not.
 */
export function useReason(zone: string): (person: Person) => string {
  const t = useTexts()
  const why = useWhy(zone)
  const absence = useAbsence()
  return (person) => {
    const { state, computer: name, computerState, computerReason, computerDetail, computerSince } = person
    if (person.absence) return absence(person)
    if (state !== 'absent') return ''
    if (!name) return t('absent.no_computer')
    if (computerState === undefined) return t('absent.then', { name })
    if (!isSilent(person)) return t('absent.on', { name })
    const machine = {
      state: computerState,
      reason: computerReason,
      detail: computerDetail,
      since: computerSince,
    }
    return `${name}: ${why(machine)}`
  }
}

/** useTrouble says what is wrong with a gateway or an agent, and since when. */
export function useTrouble(zone: string): (item: Attention) => string {
  const t = useTexts()
  const alert = useAlerts()
  const language = useLanguage()
  const why = useWhy(zone)
  const moment = useMoment(zone)
  return ({ kind, state, reason, detail, since }) => {
    if (kind === 'agent') return why({ state, reason, detail, since })
    const from = since && moment(since)
    if (kind === 'alert') return [alert(reason), from && t('since', { at: from })].filter(Boolean).join(', ')
    if (reason === 'data_gap') return t('gateway.gap', { n: number(Number(detail), language), at: from })
    return from ? t('gateway.offline.since', { at: from }) : t('gateway.offline')
  }
}

const ALERTS = [
  'gateway_offline',
  'data_gap',
  'data_dropped',
  'buffer_overflow',
  'connection_failed',
] as const

/** useAlerts returns what a kind of alert is called; one that these pages do not know keeps its own name. */
function useAlerts(): (kind: string) => string {
  const t = useAlertTexts()
  return (kind) => {
    const known = ALERTS.find((name) => name === kind)
    return known ? t(known) : kind
  }
}

/** placeOf is the page on which something can be put right. */
export const placeOf = ({ kind, id }: Attention): string => {
  if (kind === 'gateway') return `/gateways?open=${encodeURIComponent(id)}`
  return kind === 'agent' ? `/computers/${id}` : '/alerts'
}
