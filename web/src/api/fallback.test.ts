import { expect, test, vi } from 'vitest'
import { fallback, heard } from './fallback'

const answer = (mode?: string, status = 200) =>
  new Response('', { status, headers: mode ? { 'X-Fallback-Mode': mode } : {} })

test('an answer about time series begins and ends it, others say nothing', () => {
  const told = vi.fn()
  const stop = fallback.subscribe(told)
  heard('/api/v2/employees', answer())
  expect(fallback.get()).toBe(false)
  heard('/api/v2/monitoring/day', answer('true'))
  expect(fallback.get()).toBe(true)
  heard('/api/v2/employees', answer())
  heard('/api/v2/monitoring/day', answer(undefined, 503))
  expect(fallback.get()).toBe(true)
  heard('/api/v2/screenshots', answer())
  expect(fallback.get()).toBe(false)
  expect(told).toHaveBeenCalledTimes(2)
  stop()
})
