import { expect, it } from 'vitest'
import { nameOf } from './list'

const answer = (disposition?: string) =>
  new Response('', { headers: disposition ? { 'Content-Disposition': disposition } : {} })

it('calls a file what the server calls it', () => {
  expect(nameOf(answer('attachment; filename="employees-2026-11-23.csv"'))).toBe('employees-2026-11-23.csv')
  expect(nameOf(answer('attachment; filename=a.csv'))).toBe('a.csv')
  expect(nameOf(answer("attachment; filename=x.csv; filename*=UTF-8''o%CA%BBz.csv"))).toBe('oʻz.csv')
  expect(nameOf(answer())).toBeUndefined()
})
