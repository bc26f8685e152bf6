import { useLanguage } from '../../i18n/i18n'
import { dateTime, isoDate, time } from '../../lib/format'
import { useNow } from '../../ui/parts'

/** useAt writes a time of today as a clock, another with its day. */
export function useAt(zone: string): (iso: string) => string {
  const language = useLanguage()
  const now = useNow()
  return (iso) => {
    const at = Date.parse(iso)
    return isoDate(at, zone) === isoDate(now, zone) ? time(at, zone) : dateTime(at, zone, language, now)
  }
}
