import type { FieldChange } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { interval, number } from '../../lib/format'
import { useDays } from '../../ui/days/words'
import { categories } from './input'
import { hoursIn } from './hours'
import { useTexts } from './texts'

const fields = [
  'activeWindows',
  'visitedSites',
  'screenshots',
  'screenshotSeconds',
  'screenshotGrayscale',
  'screenshotAll',
  'exclude.titles',
  'exclude.sites',
  'exclude.applications',
  'exclude.privateWindows',
] as const

/** How many entries of a list are named; of the others only the number is told. */
const NAMED = 10

/** useEvery says how often screens are pictured. */
export function useEvery(): (seconds: number) => string {
  const t = useTexts()
  const language = useLanguage()
  return (seconds) => (seconds > 0 ? interval(seconds, language) : t('byAgent'))
}

/** useField is what a field of a policy is called: one of the form's, or one of a group that it has. */
function useField(): (field: string) => string {
  const t = useTexts()
  return (field) => {
    if (field === 'title') return t('name')
    if (field === 'isActive') return t('active')
    if (field === 'hours' || field === 'groups') return t(`field.${field}`)
    const known = fields.find((one) => one === field)
    if (known) return t(known)
    const [, name, part] = /^groups\.(.+)\.(name|type|category|values)$/.exec(field) ?? []
    return part ? t(`group.${part as 'name' | 'type' | 'category' | 'values'}`, { name }) : field
  }
}

/** useChange says one difference between two versions in words. */
export function useChange(): (change: FieldChange) => { field: string; said: string[] } {
  const t = useTexts()
  const language = useLanguage()
  const fieldOf = useField()
  const every = useEvery()
  const days = useDays()
  const value = (field: string, of: unknown): string => {
    if (typeof of === 'boolean') return t(of ? 'on' : 'off')
    if (field === 'screenshotSeconds') return every(Number(of))
    if (field === 'hours') {
      const hours = hoursIn(of)
      return hours ? `${days(hours.days)} ${hours.from}–${hours.to} (${hours.zone})` : t('always')
    }
    const word = [...categories, 'WEBSITE' as const, 'APPLICATION' as const].find((one) => one === of)
    return word ? t(word) : String(of)
  }
  const list = (entries: string[]) => {
    const what = entries.slice(0, NAMED).join(', ')
    const n = entries.length - NAMED
    return n > 0 ? t('diff.more', { what, n: number(n, language) }) : what
  }
  return ({ field, from, to, added, removed }) => {
    if (field === 'title' || field === 'isActive') return { field: fieldOf(field), said: [value(field, to)] }
    const said = [
      added?.length && t('diff.added', { what: list(added) }),
      removed?.length && t('diff.removed', { what: list(removed) }),
    ].filter((one) => typeof one === 'string')
    if (said.length > 0) return { field: fieldOf(field), said }
    const change = `${value(field, from)} → ${value(field, to)}`
    return { field: fieldOf(field), said: [change] }
  }
}
