import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cyrillic } from './translit'

const file = new URL('../../../platform/i18n/testdata/cyrillic.json', import.meta.url)
const spellings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>

it.each(Object.entries(spellings))('%s', (latin, spelled) => expect(cyrillic(latin)).toBe(spelled))

it('spells again what it has spelled, the same', () => {
  for (const spelled of Object.values(spellings)) expect(cyrillic(spelled)).toBe(spelled)
})
