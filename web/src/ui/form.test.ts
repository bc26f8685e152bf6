import { expect, it } from 'vitest'
import { ApiError } from '../api/errors'
import type { Envelope } from '../api/types'
import { entryErrors, fieldErrors } from './form'

const refusal = (...details: Envelope['details']) =>
  new ApiError(400, {
    success: false,
    error: 'VALIDATION_ERROR',
    code: 'invalid',
    message: 'Wrong',
    details,
    timestamp: '',
    traceId: '',
  })

it('puts each refusal at its field', () => {
  const error = refusal(
    { field: 'name', code: 'required', message: 'Needed' },
    { field: 'name', code: 'short', message: 'Too short' },
  )
  const { errorOf, rest } = fieldErrors(error, ['name', 'zone'])
  expect([errorOf('name'), errorOf('zone'), rest]).toEqual(['Needed Too short', undefined, undefined])
})

it('shows by itself what is of no field of the form', () => {
  const elsewhere = refusal({ field: 'secret', code: 'x', message: 'Odd' })
  expect(fieldErrors(elsewhere, ['name']).rest).toBe(elsewhere)
  const conflict = refusal()
  expect(fieldErrors(conflict, ['name']).rest).toBe(conflict)
  expect(fieldErrors(null, ['name']).rest).toBeUndefined()
})

it('names the entries of a list that are wrong', () => {
  const error = refusal({ field: 'exclude.sites[1]', code: 'not_a_host', message: 'No host' })
  expect(fieldErrors(error, ['exclude.sites']).rest).toBeUndefined()
  expect(entryErrors(error, 'exclude.sites', ['bank.uz', 'a b'])).toBe('a b: No host')
  expect(entryErrors(error, 'exclude.titles', ['bank.uz', 'a b'])).toBeUndefined()
  const many = refusal({ field: 'exclude.sites', code: 'too_many', message: 'Too many' })
  expect(entryErrors(many, 'exclude.sites', ['bank.uz'])).toBe('Too many')
})
