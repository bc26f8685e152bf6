import { expect, it } from 'vitest'
import { csv } from './csv'

it('writes CSV that spreadsheets read as text', () => {
  expect(
    csv([
      ['a', 'b "c", d'],
      ['=1+1', 'x\ny'],
    ]),
  ).toBe(`\ufeffa,"b ""c"", d"\r\n'=1+1,"x\ny"\r\n`)
})
