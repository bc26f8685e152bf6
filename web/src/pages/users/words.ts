import { useDepartmentTree } from '../../api/departments'
import type { Account, UserEvent } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { ROLES, useOrganizationName } from './columns'
import { useTexts } from './texts'

/** DEEDS are those that the pages have words for. */
const DEEDS = [
  'created',
  'updated',
  'password_set',
  'password_changed',
  'profile_changed',
  'language_chosen',
  'departments_assigned',
  'signed_in',
  'sign_in_failed',
  'locked',
  'signed_out',
  'session_ended',
  'refresh_reused',
  'totp_on',
  'totp_off',
  'totp_reset',
  'recovery_codes_made',
] as const
const REASONS = ['password', 'code', 'inactive'] as const

/** useDeed says what was done to a user. */
export function useDeed(
  zone: string,
): (event: Pick<UserEvent, 'action' | 'reason' | 'until' | 'method'>) => string {
  const t = useTexts()
  const language = useLanguage()
  return ({ action, reason, until, method }) => {
    const deed = DEEDS.find((one) => `user.${one}` === action)
    if (!deed) return action
    const why = REASONS.find((one) => one === reason)
    if (deed === 'sign_in_failed' && why) return `${t(`did.${deed}`)}: ${t(`refused.${why}`)}`
    if (deed === 'locked' && until) return t('locked', { at: dateTime(Date.parse(until), zone, language) })
    if (deed === 'signed_in' && (method === 'totp' || method === 'recovery')) {
      return `${t(`did.${deed}`)} (${t(`by.${method}`)})`
    }
    return t(`did.${deed}`)
  }
}

const FIELDS = [
  'name',
  'username',
  'role',
  'isActive',
  'mustChangePassword',
  'organizationId',
  'departmentIds',
  'language',
] as const

/** useChanges says which fields of a user were changed, each in a line. */
export function useChanges(user: Account): (changes: UserEvent['changes']) => string[] {
  const t = useTexts()
  const organizationOf = useOrganizationName()
  const { branches } = useDepartmentTree(user.organizationId)
  const said = (json?: string): string => {
    const value = json === undefined ? '' : (JSON.parse(json) as unknown)
    if (typeof value === 'boolean') return t(value ? 'yes' : 'no')
    if (Array.isArray(value)) {
      return value.map((id) => branches.find((one) => one.id === id)?.name ?? `№ ${id}`).join(', ')
    }
    const role = ROLES.find((one) => one === value)
    return role ? t(role) : String(value)
  }
  return (changes = []) =>
    changes.map(({ field, before, after }) => {
      const known = FIELDS.find((one) => one === field)
      const name = known ? t(`field.${known}`) : field
      if (field === 'mustChangePassword') return `${name}: ${t(after === undefined ? 'no' : 'yes')}`
      if (field === 'organizationId') {
        return `${name}: ${organizationOf(Number(before))} → ${organizationOf(Number(after))}`
      }
      return `${name}: ${said(before) || '—'} → ${said(after) || '—'}`
    })
}
