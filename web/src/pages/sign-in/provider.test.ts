import { describe, expect, it } from 'vitest'
import { arrivalIn, pathFrom } from './provider'

describe('the way back from the provider', () => {
  it('brings a code or a refusal to its page alone', () => {
    expect(arrivalIn('/sign-in', '?code=c&state=s')).toEqual({ state: 's', code: 'c', error: undefined })
    expect(arrivalIn('/sign-in', '?error=access_denied&state=s')).toEqual({
      state: 's',
      code: undefined,
      error: 'access_denied',
    })
    expect(arrivalIn('/sign-in', '?code=c')).toBeUndefined()
    expect(arrivalIn('/people', '?code=c&state=s')).toBeUndefined()
  })

  it('leads to pages of this server alone', () => {
    expect(pathFrom('/people?sort=name')).toBe('/people?sort=name')
    for (const other of [
      null,
      '',
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/sign-in?state=s',
    ])
      expect(pathFrom(other)).toBe('/')
  })
})
