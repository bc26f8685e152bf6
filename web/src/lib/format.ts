import type { Language } from '../i18n/i18n'

// Browsers carry no Uzbek formats, so the few that are needed are written here for all languages.

const MONTHS: Record<Language, string[]> = {
  'uz-Cyrl': 'янв фев мар апр май июн июл авг сен окт ноя дек'.split(' '),
  uz: 'yan fev mar apr may iyn iyl avg sen okt noy dek'.split(' '),
  ru: 'янв фев мар апр мая июн июл авг сен окт ноя дек'.split(' '),
  en: 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '),
}

const WEEKDAYS: Record<Language, string[]> = {
  'uz-Cyrl': 'якшанба душанба сешанба чоршанба пайшанба жума шанба'.split(' '),
  uz: 'yakshanba dushanba seshanba chorshanba payshanba juma shanba'.split(' '),
  ru: 'воскресенье понедельник вторник среда четверг пятница суббота'.split(' '),
  en: 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' '),
}

const UNITS: Record<Language, { hour: string; minute: string; second: string }> = {
  'uz-Cyrl': { hour: 'соат', minute: 'дақ', second: 'сон' },
  uz: { hour: 'soat', minute: 'daq', second: 'son' },
  ru: { hour: 'ч', minute: 'мин', second: 'с' },
  en: { hour: 'h', minute: 'min', second: 's' },
}

const NBSP = '\u00a0'

/** number writes 1 234,5 in Uzbek and Russian, 1,234.5 in English. */
export function number(value: number, language: Language, digits = 0): string {
  const locale = language === 'en' ? 'en-GB' : 'ru'
  return value.toLocaleString(locale, { maximumFractionDigits: digits, signDisplay: 'negative' })
}

/** percent writes a share of 0 to 1. */
export function percent(share: number, language: Language, digits = 0): string {
  return number(share * 100, language, digits) + (language === 'ru' ? NBSP : '') + '%'
}

/** duration writes seconds as hours and minutes; seconds only below a minute, minutes only below a hundred hours. */
export function duration(seconds: number, language: Language): string {
  const unit = UNITS[language]
  if (seconds < 60) return `${Math.round(seconds)}${NBSP}${unit.second}`
  if (seconds >= 360_000) return `${number(seconds / 3600, language)}${NBSP}${unit.hour}`
  const minutes = Math.round(seconds / 60)
  const parts: string[] = []
  if (minutes >= 60) parts.push(`${Math.floor(minutes / 60)}${NBSP}${unit.hour}`)
  if (minutes % 60 > 0) parts.push(`${minutes % 60}${NBSP}${unit.minute}`)
  return parts.join(NBSP)
}

/** tenths writes seconds with one digit behind the comma: 0,4 с. */
export const tenths = (seconds: number, language: Language): string =>
  `${number(seconds, language, 1)}${NBSP}${UNITS[language].second}`

/** interval writes seconds as they are, with none rounded away: 1 min 30 s. */
export function interval(seconds: number, language: Language): string {
  const { hour, minute, second } = UNITS[language]
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), hour],
    [Math.floor((seconds % 3600) / 60), minute],
    [seconds % 60, second],
  ]
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n}${NBSP}${unit}`)
  return said.join(NBSP) || `0${NBSP}${second}`
}

const BYTES: Record<'latin' | 'cyrillic', string[]> = {
  latin: ['B', 'kB', 'MB', 'GB'],
  cyrillic: ['Б', 'кБ', 'МБ', 'ГБ'],
}

/** bytes writes a size in the largest unit that fits. */
export function bytes(size: number, language: Language): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), 3)
  const unit = BYTES[language === 'ru' || language === 'uz-Cyrl' ? 'cyrillic' : 'latin'][power]!
  return `${number(size / 1000 ** power, language, power > 0 ? 1 : 0)}${NBSP}${unit}`
}

interface Clock {
  year: string
  month: string
  day: string
  hour: string
  minute: string
  second: string
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: string): Intl.DateTimeFormat {
  let found = clocks.get(zone)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
    clocks.set(zone, found)
  }
  return found
}

function clock(at: number, zone: string): Clock {
  const parts = formatter(zone).formatToParts(at)
  return Object.fromEntries(parts.map((part) => [part.type, part.value])) as unknown as Clock
}

/** time writes 09:05, or 09:05:07 with seconds, as the zone's clocks showed it. */
export function time(at: number, zone: string, seconds = false): string {
  const c = clock(at, zone)
  return seconds ? `${c.hour}:${c.minute}:${c.second}` : `${c.hour}:${c.minute}`
}

/** isoDate is the zone's date of the instant, as 2026-01-05. */
export function isoDate(at: number, zone: string): string {
  const c = clock(at, zone)
  return `${c.year}-${c.month}-${c.day}`
}

/** startOfDay is the instant at which the zone's date begins. */
export function startOfDay(date: string, zone: string): number {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  let at = midnight
  // The first round finds the offset, the second one that of the day's own beginning where clocks change.
  for (let round = 0; round < 2; round++) {
    const c = clock(at, zone)
    const shown = Date.parse(`${c.year}-${c.month}-${c.day}T${c.hour}:${c.minute}:${c.second}Z`)
    at -= shown - midnight
  }
  return at
}

/** dateTime writes 5 Jan 2026 14:32; without the year where that is the present one. */
export function dateTime(at: number, zone: string, language: Language, now: number = Date.now()): string {
  const date = isoDate(at, zone)
  const shown = day(date, language)
  const short = date.slice(0, 4) === isoDate(now, zone).slice(0, 4) ? shown.slice(0, -5) : shown
  return `${short} ${time(at, zone)}`
}

/** day writes a date 2026-01-05 as people of the language do. */
export function day(date: string, language: Language): string {
  const [year, month, dayOfMonth] = date.split('-').map(Number)
  const name = MONTHS[language][(month ?? 1) - 1]
  return language.startsWith('uz') ? `${dayOfMonth}-${name} ${year}` : `${dayOfMonth} ${name} ${year}`
}

export function weekday(date: string, language: Language): string {
  return WEEKDAYS[language][new Date(`${date}T12:00:00Z`).getUTCDay()] ?? ''
}

/** addDays moves a date by whole days; time zones play no part. */
export function addDays(date: string, days: number): string {
  const at = new Date(`${date}T12:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** isDate says that the text is a date that exists. */
export function isDate(text: string | null): text is string {
  if (text === null || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = new Date(`${text}T12:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

/** zoneLabel writes Asia/Tashkent, UTC+5. */
export function zoneLabel(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    timeZoneName: 'shortOffset',
  }).formatToParts(at)
  const offset = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  return `${zone}, ${offset.replace('GMT', 'UTC')}`
}

/** isZone says that this browser knows the zone. */
export function isZone(zone: string): boolean {
  try {
    formatter(zone)
    return true
  } catch {
    return false
  }
}
