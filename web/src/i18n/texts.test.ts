import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { i18n as Instance } from 'i18next'

const sources = import.meta.glob<string>('../**/texts.ts', { query: '?raw', import: 'default', eager: true })
const modules = import.meta.glob('../**/texts.ts')
const names = Object.values(sources).flatMap((source) =>
  [...source.matchAll(/\btexts\('(\w+)'/g)].map((m) => m[1]!),
)
let i18n: Instance

beforeAll(async () => {
  vi.stubGlobal('document', { documentElement: {} })
  i18n = (await import('./i18n')).i18n
  await Promise.all(Object.values(modules).map((load) => load()))
})

const base = (key: string) => key.replace(/_(one|few|many|other)$/, '')
const parameters = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort()

describe.each(names)('the texts of %s', (name) => {
  const bundle = (language: string) => i18n.getResourceBundle(language, name) as Record<string, string>

  it('have the same parameters in every language', () => {
    const uzbek = new Map(Object.entries(bundle('uz')).map(([key, text]) => [base(key), parameters(text)]))
    for (const language of ['ru', 'en', 'uz-Cyrl']) {
      for (const [key, text] of Object.entries(bundle(language))) {
        expect([key, parameters(text)]).toEqual([key, uzbek.get(base(key))])
      }
    }
  })

  it('have every plural form of Russian', () => {
    const russian = Object.keys(bundle('ru'))
    for (const key of russian.filter((one) => one.endsWith('_one'))) {
      expect(russian).toEqual(
        expect.arrayContaining([`${base(key)}_few`, `${base(key)}_many`, `${base(key)}_other`]),
      )
    }
  })

  it('spell Uzbek with its own letters, not with a typewriter’s apostrophe', () => {
    expect(Object.values(bundle('uz')).filter((text) => /['`’‘]/.test(text))).toEqual([])
  })
})

it('has every catalog under a name of its own', () => {
  expect(new Set(names).size).toBe(Object.keys(modules).length)
})

it('leaves no Latin letter in Cyrillic Uzbek but in names, abbreviations and code', () => {
  const stays =
    /^(ActivityWatch|Chrome|Ctrl|Enter|Excel|Linux|Shift|Staff|Control|TimescaleDB|Windows|macOS|[A-Z]{2,})$|[._]/
  for (const name of names) {
    for (const [key, text] of Object.entries(i18n.getResourceBundle('uz-Cyrl', name) as object)) {
      const words =
        String(text)
          .replace(/{{\w+}}|staff-control( [a-z]+)*/g, '')
          .match(/[A-Za-z][\w.]*/g) ?? []
      expect([name, key, words.filter((word) => !stays.test(word))]).toEqual([name, key, []])
    }
  }
})
