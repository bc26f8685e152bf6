import { expect, it } from 'vitest'
import type { Gateway } from '../../api/types'
import { summarize } from './summary'

const gateway = (part: Partial<Gateway>): Gateway => ({
  id: '1',
  serial: 's',
  name: 'n',
  organizationId: 1,
  status: 'online',
  bufferUsage: 0,
  queueDepth: 0,
  connectedAgents: 2,
  setAside: 0,
  streams: [],
  createdAt: '2026-01-01T00:00:00Z',
  ...part,
})
const gaps = [{ first: 1, last: 2, since: '2026-01-01T00:00:00Z' }]

it('is complete until the slowest gateway in service', () => {
  const summary = summarize([
    gateway({ completeUntil: '2026-01-05T10:00:00Z' }),
    gateway({ status: 'offline', completeUntil: '2026-01-05T09:00:00+05:00' }),
    gateway({ status: 'revoked', completeUntil: '2025-01-01T00:00:00Z' }),
  ])
  expect(summary).toMatchObject({ all: 2, online: 1, offline: 1, agents: 4, gaps: 0 })
  expect(summary.completeUntil).toBe('2026-01-05T09:00:00+05:00')
})

it('promises nothing when one gateway has delivered nothing', () => {
  expect(
    summarize([gateway({ completeUntil: '2026-01-05T10:00:00Z' }), gateway({})]).completeUntil,
  ).toBeUndefined()
  expect(summarize([]).completeUntil).toBeUndefined()
})

it('counts the gaps of every stream, shown or not', () => {
  const stream = { epoch: 'e', stream: 's', watermark: 1, highest: 2, gaps, gapsTotal: 2 }
  expect(summarize([gateway({ streams: [stream, stream] }), gateway({ streams: [stream] })]).gaps).toBe(6)
})
