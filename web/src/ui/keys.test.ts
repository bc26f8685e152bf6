import { expect, it } from 'vitest'
import { isKey } from './keys'

const press = (key: string, code: string, shiftKey = false) => ({ key, code, shiftKey })

it('finds a letter by its place, whatever the keyboard writes there', () => {
  expect(isKey(press('j', 'KeyJ'), 'j')).toBe(true)
  expect(isKey(press('о', 'KeyJ'), 'j')).toBe(true)
  expect(isKey(press('J', 'KeyJ', true), 'j')).toBe(false)
  expect(isKey(press('k', 'KeyK'), 'j')).toBe(false)
})

it('finds / and ? by what is written and by their place', () => {
  expect(isKey(press('/', 'Backslash', true), '/')).toBe(true)
  expect(isKey(press('.', 'Slash'), '/')).toBe(true)
  expect(isKey(press('?', 'Slash', true), '/')).toBe(false)
  expect(isKey(press('?', 'Digit7', true), '?')).toBe(true)
  expect(isKey(press(',', 'Slash', true), '?')).toBe(true)
})

it('finds other keys by their names', () => {
  expect(isKey(press('ArrowLeft', 'ArrowLeft'), 'ArrowLeft')).toBe(true)
  expect(isKey(press('ArrowRight', 'ArrowRight'), 'ArrowLeft')).toBe(false)
})
