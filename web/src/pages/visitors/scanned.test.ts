import { expect, it } from 'vitest'
import { begins, scanned } from './scanned'

it.each([
  [' 1A2B3C4D ', '1A2B3C4D'],
  ['{"visitorId":7,"codeId":3,"code":"1A2B3C4D","visitorName":"A B"}', '1A2B3C4D'],
  // The same through a keyboard that is set to Russian.
  ['ХЭмшышещкШвЭЖ7бЭсщвуЭЖЭ1Ф2И3С4ВЭЪ', '1A2B3C4D'],
  ['1Ф2И3С4В', '1A2B3C4D'],
  ['{"visitorId":7}', ''],
  ['', ''],
])('reads %s as %s', (text, code) => {
  expect(scanned(text)).toBe(code)
})

it('knows what a scanner begins with', () => {
  expect(['{', '7', 'F', 'Х'].every(begins)).toBe(true)
  expect(['n', '/', 'Enter', 'G'].some(begins)).toBe(false)
})
