import { answer, api, session } from '../api/client'
import { choose, type Language } from '../i18n/i18n'

/** The languages by the names that their speakers look for. */
export const LANGUAGES: { code: Language; name: string }[] = [
  { code: 'uz', name: 'Oʻzbekcha' },
  { code: 'uz-Cyrl', name: 'Ўзбекча' },
  { code: 'ru', name: 'Русский' },
  { code: 'en', name: 'English' },
]

/** speak switches the pages, and for who is signed in the server's texts, too. */
export function speak(language: Language): void {
  const kept =
    session.get().state === 'in'
      ? answer(api.PUT('/api/v2/auth/me/language', { body: { language } }))
      : Promise.resolve()
  // The pages follow at once; a server that could not keep the choice changes nothing about that.
  void choose(language)
  kept.catch(() => undefined)
}
