import type { Language } from '../../i18n/i18n'
import { dateTime, isoDate, time } from '../../lib/format'

/** period writes from when until when; of one day the day once. */
export function period(from: string, until: string, zone: string, language: Language): string {
  const [a, b] = [Date.parse(from), Date.parse(until)]
  const end = isoDate(a, zone) === isoDate(b, zone) ? time(b, zone) : dateTime(b, zone, language)
  return `${dateTime(a, zone, language)} – ${end}`
}
