import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import { speak } from '../api/client'
import { cyrillic } from './translit'

export const languages = ['uz', 'uz-Cyrl', 'ru', 'en'] as const
export type Language = (typeof languages)[number]

/** The languages that texts are written in; Uzbek in Cyrillic letters is made from the Latin. */
export type Written = Exclude<Language, 'uz-Cyrl'>

export const written = (language: Language): Written => (language === 'uz-Cyrl' ? 'uz' : language)

/** A text of one language; forms by number where the language has them. */
type Text = string | { one: string; few?: string; many?: string; other: string }

/** A catalog keeps the languages side by side, so that a gap is a type error. */
export type Catalog = Record<string, Record<Written, Text>>

const STORED = 'staff-control.language'

export const i18n = i18next.createInstance()

void i18n.use(initReactI18next).init({
  lng: initial(),
  fallbackLng: 'en',
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: false },
  react: { useSuspense: false },
  initAsync: false,
})
announce()

export function isLanguage(code: string | null | undefined): code is Language {
  return languages.some((language) => language === code)
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

function initial(): Language {
  const wanted = [stored(), ...(globalThis.navigator?.languages ?? [])].map(known)
  return wanted.find(isLanguage) ?? 'uz'
}

/** known is the language of these pages that a browser's tag, such as ru-RU or uz-Cyrl-UZ, means. */
function known(tag: string | null): string | undefined {
  return /^uz-cyrl/i.test(tag ?? '') ? 'uz-Cyrl' : tag?.slice(0, 2)
}

function announce(): void {
  speak(i18n.language)
  document.documentElement.lang = i18n.language
}

/** choose switches the language for good. */
export async function choose(language: Language): Promise<void> {
  try {
    localStorage.setItem(STORED, language)
  } catch {
    // Storage may be refused; the choice then lasts until the page is closed.
  }
  await show(language)
}

/** suggest switches to the user's language unless this browser has chosen one. */
export async function suggest(language: string | undefined): Promise<void> {
  if (isLanguage(language) && stored() === null) await show(language)
}

async function show(language: Language): Promise<void> {
  await i18n.changeLanguage(language)
  announce()
}

/** flatten turns forms into the suffixed keys that i18next looks up. */
function flatten(catalog: Catalog, language: Language): Record<string, string> {
  const flat: Record<string, string> = {}
  const spell = language === 'uz-Cyrl' ? cyrillic : (text: string) => text
  for (const [key, entry] of Object.entries(catalog)) {
    const text = entry[written(language)]
    if (typeof text === 'string') flat[key] = spell(text)
    else for (const [form, value] of Object.entries(text)) flat[`${key}_${form}`] = spell(value)
  }
  return flat
}

export type Translate<C extends Catalog> = (key: keyof C & string, values?: Record<string, unknown>) => string

/** texts registers a catalog and returns the hook that reads it; each page brings its own. */
export function texts<C extends Catalog>(name: string, catalog: C): () => Translate<C> {
  for (const language of languages) i18n.addResourceBundle(language, name, flatten(catalog, language))
  return () => useTranslation(name, { i18n }).t as unknown as Translate<C>
}

/** useLanguage returns the language in use, and follows it. */
export function useLanguage(): Language {
  const code = useTranslation(undefined, { i18n }).i18n.language
  return isLanguage(code) ? code : 'uz'
}
