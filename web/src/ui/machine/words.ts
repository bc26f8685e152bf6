import { useLanguage } from '../../i18n/i18n'
import { dateTime, isoDate, time } from '../../lib/format'
import type { Tone } from '../parts'
import { useTexts } from './texts'

/** REASONS are those that the pages have words for. */
export const REASONS = [
  'reporting',
  'no_contact',
  'gateway_offline',
  'shutdown',
  'suspend',
  'logout',
  'update',
  'uninstall',
  'error',
] as const

type Reason = (typeof REASONS)[number]
const isReason = (code: string | undefined): code is Reason => REASONS.some((reason) => reason === code)

/** Machine is a computer's state with why it is in it. */
export interface Machine {
  state?: string
  reason?: string
  detail?: string
  since?: string
}

/** toneOf: a computer that someone switched off is no fault; one that fell silent is. */
export function toneOf({ state, reason }: Machine): Tone {
  if (state === 'online') return 'good'
  if (reason === 'error' || reason === 'uninstall') return 'bad'
  if (reason === 'no_contact' || reason === 'gateway_offline') return 'warn'
  return 'quiet'
}

/** useMoment writes a moment as briefly as can be understood: 17:42 of the shown day, else with its date. */
export function useMoment(zone: string): (at: string, shownDate?: string) => string {
  const language = useLanguage()
  return (at, shownDate) => {
    const instant = Date.parse(at)
    const today = shownDate ?? isoDate(Date.now(), zone)
    return isoDate(instant, zone) === today ? time(instant, zone) : dateTime(instant, zone, language)
  }
}

/** useWhy says why a computer is in its state, since when, and what its agent said of it. */
export function useWhy(zone: string): (machine: Machine) => string {
  const t = useTexts()
  const moment = useMoment(zone)
  return ({ state, reason, detail, since }) => {
    const known = isReason(reason)
    let why =
      reason === 'never_reported' ? t('never_reported') : t(state === 'online' ? 'reporting' : 'silent')
    if (known) why = since ? t(`${reason}.since`, { at: moment(since) }) : t(reason)
    if (!detail) return why
    return reason === 'error' ? `${why}: ${detail}` : `${why}; ${t('said', { detail })}`
  }
}

/** useStateName returns what a state is called. */
export function useStateName(): (state?: string) => string {
  const t = useTexts()
  return (state) => t(state === 'online' || state === 'offline' ? state : 'unknown')
}

/** useReasonName returns what a reason is called by itself. */
export function useReasonName(): (reason: string) => string {
  const t = useTexts()
  return (reason) => (isReason(reason) ? t(reason) : reason)
}
