import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { i18n as Instance } from 'i18next'

const names = ['common', 'shell', 'signIn', 'gateways', 'day', 'computers', 'alerts']
const modules = import.meta.glob('../**/texts.ts')
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
    for (const language of ['ru', 'en']) {
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

it('covers every catalog', () => expect(Object.keys(modules)).toHaveLength(names.length))
