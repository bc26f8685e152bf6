import type { Alert } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, day, isDate, number, percent } from '../../lib/format'
import { useTexts } from './texts'

const GATEWAY = 'gateway:'

/** gatewayOf returns the id of the gateway that an alert is about, if it is about one. */
export const gatewayOf = (subject: string): string | undefined =>
  subject.startsWith(GATEWAY) ? subject.slice(GATEWAY.length) : undefined

/** subjectOf is its inverse. */
export const subjectOf = (gatewayId: string): string => GATEWAY + gatewayId

const retained = [
  'active_window',
  'idle_period',
  'visited_site',
  'screenshot',
  'user_session',
  'credential',
  'profile',
] as const

const refusals = ['checksum', 'bundle', 'disk'] as const

/** useDescription returns how to say an alert in words; a kind that these pages do not know keeps its own name. */
export function useDescription(zone: string): (alert: Alert) => { what: string; detail: string } {
  const t = useTexts()
  const language = useLanguage()
  const moment = (value: unknown) => dateTime(Date.parse(String(value)), zone, language)
  const position = (value: unknown) => number(Number(value), language)
  return ({ kind, details = {} }) => {
    switch (kind) {
      case 'gateway_offline': {
        const { lastSeenAt } = details
        return { what: t(kind), detail: lastSeenAt ? t('lastSeen', { at: moment(lastSeenAt) }) : '' }
      }
      case 'data_gap': {
        const { stream, first, last, since } = details
        const values = { stream, first: position(first), last: position(last), since: moment(since) }
        return { what: t(kind), detail: t('missing', values) }
      }
      case 'data_dropped': {
        const { stream, count, reason } = details
        const why = reason === 'overflow' || reason === 'refused' ? reason : 'unknown'
        const lost = t('lost', { stream, number: position(count) })
        return { what: t(kind), detail: `${lost} ${t(`lost.${why}`)}` }
      }
      case 'buffer_overflow': {
        const used = t('used', { share: percent(Number(details.usage), language, 1) })
        return { what: t(kind), detail: details.cause === 'disk' ? `${used} ${t('disk')}` : used }
      }
      case 'timescale_fallback_activated':
        return { what: t(kind), detail: t('fallback.detail') }
      case 'timescale_recovered': {
        const { since } = details
        return { what: t(kind), detail: since ? t('recovered.detail', { since: moment(since) }) : '' }
      }
      case 'storage_file_missing': {
        const files = Number(details.files)
        const text = t('missingFiles', { count: files, number: position(files), first: details.first })
        return { what: t(kind), detail: text }
      }
      case 'retention_failed': {
        const resource = retained.find((one) => one === details.kind)
        const what = resource ? t(`retained.${resource}`) : String(details.kind)
        const on = isDate(String(details.day)) ? day(String(details.day), language) : ''
        return { what: t(kind), detail: t('notRemoved', { what, day: on, error: details.error }) }
      }
      case 'policy_failed': {
        const reason = refusals.find((one) => one === details.reason)
        const detail = reason ? t(`refused.${reason}`) : ''
        return { what: t(kind), detail: details.takesNothing ? `${detail} ${t('takesNothing')}` : detail }
      }
      case 'policy_rollout_stopped':
        return {
          what: t(kind),
          detail: t('stopped.detail', { version: details.version, back: details.rolledBackTo }),
        }
      case 'update_rolled_back': {
        const { version, runs } = details
        return { what: t(kind), detail: t('rolledBack.detail', { version, runs }) }
      }
      case 'connection_failed':
        return { what: t(kind), detail: details.status ? `HTTP ${String(details.status)}` : '' }
    }
    return { what: kind, detail: '' }
  }
}
