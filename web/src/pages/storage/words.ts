import type { RetentionTerms } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { day, number } from '../../lib/format'
import { useTexts } from './texts'

/** What rules and holds are about, in the server's order. */
export const resources = [
  'active_window',
  'visited_site',
  'screenshot',
  'user_session',
  'credential',
  'profile',
] as const
export type Resource = (typeof resources)[number]

export const kinds = [
  'active_window',
  'idle_period',
  'visited_site',
  'screenshot',
  'user_session',
  'credential',
  'profile',
] as const

const known = [...kinds, 'archive', 'all'] as const

/** useResource returns what a resource, or a kind of file, is called. */
export function useResource(): (name: string) => string {
  const t = useTexts()
  return (name) => {
    const found = known.find((one) => one === name)
    return found ? t(`of.${found}`) : name
  }
}

/** useKind is the same of a run's kinds, where idle time goes by itself. */
export function useKind(): (name: string) => string {
  const t = useTexts()
  const resource = useResource()
  return (name) => (name === 'active_window' ? t('kind.active_window') : resource(name))
}

/** useTerms says how long something is kept, and what then. */
export function useTerms(): (terms: RetentionTerms) => { keep: string; then: string } {
  const t = useTexts()
  const language = useLanguage()
  return ({ days, action, active }) => {
    if (!active) return { keep: t('keep.forever'), then: '—' }
    const keep = t('keep.days', { count: days }).replace(String(days), number(days, language))
    return { keep, then: t(action) }
  }
}

/** useSpan writes the days of a hold, which may be open on either side. */
export function useSpan(): (from?: string, until?: string) => string {
  const t = useTexts()
  const language = useLanguage()
  return (from, until) => {
    if (from && until)
      return from === until ? day(from, language) : `${day(from, language)} – ${day(until, language)}`
    if (from) return t('hold.since', { day: day(from, language) })
    if (until) return t('hold.to', { day: day(until, language) })
    return t('hold.always')
  }
}
