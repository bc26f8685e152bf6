import { afterEach, describe, expect, it, vi } from 'vitest'
import { answer, authorized } from './client'
import { ApiError } from './errors'
import { SessionStore } from './session'
import type { Grant } from './types'

const user = { id: 1, username: 'admin', name: 'Admin', role: 'ADMIN' as const }
const grant = (accessToken: string): Grant => ({ accessToken, expiresIn: 900, user })
const request = () => new Request('http://host/api/v2/gateways')
const bearerOf = (call: unknown[]) => (call[0] as Request).headers.get('Authorization')

afterEach(() => vi.unstubAllGlobals())

function serve(...statuses: number[]) {
  const fetch = vi.fn(async () => new Response('{}', { status: statuses.shift() ?? 200 }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

describe('session', () => {
  it('asks once for all who wait', async () => {
    const ask = vi.fn(async () => grant('a'))
    const store = new SessionStore(ask)
    expect(await Promise.all([store.refresh(), store.refresh(), store.refresh()])).toEqual([true, true, true])
    expect(ask).toHaveBeenCalledTimes(1)
    expect(store.get()).toEqual({ state: 'in', user })
  })

  it('renews a token shortly before it ends', async () => {
    let now = 0
    const store = new SessionStore(
      async () => grant('new'),
      () => now,
    )
    store.start(grant('old'))
    expect(await store.bearer()).toBe('old')
    now = 890_000
    expect(await store.bearer()).toBe('new')
  })

  it('is over when the server says so', async () => {
    const store = new SessionStore(async () => null)
    const seen = vi.fn()
    store.subscribe(seen)
    expect(await store.refresh()).toBe(false)
    expect(store.get()).toEqual({ state: 'out' })
    expect(seen).toHaveBeenCalledTimes(1)
  })

  it('outlives a server that is away', async () => {
    const store = new SessionStore(async () => {
      throw new ApiError(0)
    })
    store.start(grant('a'))
    await expect(store.refresh()).rejects.toThrow(ApiError)
    expect(store.get().state).toBe('in')
  })

  it('ends in every page of the browser', async () => {
    const [here, there] = [new BroadcastChannel('test'), new BroadcastChannel('test')]
    const other = new SessionStore(async () => null, Date.now, there)
    other.start(grant('a'))
    const out = new Promise<void>((resolve) => other.subscribe(resolve))
    new SessionStore(async () => null, Date.now, here).end()
    await out
    expect(other.get().state).toBe('out')
    here.close()
    there.close()
  })
})

describe('authorized', () => {
  it('sends the token', async () => {
    const fetch = serve(200)
    const store = new SessionStore(async () => null)
    store.start(grant('a'))
    await authorized(request(), store)
    expect(fetch.mock.calls.map(bearerOf)).toEqual(['Bearer a'])
  })

  it('renews after a 401 and sends the same body again', async () => {
    const fetch = serve(401, 200)
    const store = new SessionStore(async () => grant('b'))
    store.start(grant('a'))
    const post = new Request('http://host/x', { method: 'POST', body: 'body' })
    expect((await authorized(post, store)).status).toBe(200)
    expect(fetch.mock.calls.map(bearerOf)).toEqual(['Bearer a', 'Bearer b'])
    expect(await ((fetch.mock.calls as unknown[][])[1]![0] as Request).text()).toBe('body')
  })

  it('gives up when there is nothing to renew', async () => {
    const fetch = serve(401)
    expect((await authorized(request(), new SessionStore(async () => null))).status).toBe(401)
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  it('says that there was no answer', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('network')
    })
    await expect(authorized(request(), new SessionStore(async () => null))).rejects.toMatchObject({
      status: 0,
    })
  })
})

describe('answer', () => {
  it('throws the envelope with when to come back', async () => {
    const response = new Response(null, { status: 429, headers: { 'Retry-After': '7' } })
    const error = { success: false, message: 'Juda koʻp', traceId: 't1' }
    await expect(answer(Promise.resolve({ error, response }))).rejects.toMatchObject({
      status: 429,
      retryAfter: 7,
      envelope: { traceId: 't1' },
    })
  })
  it('accepts what is not an envelope', async () => {
    const response = new Response(null, { status: 502 })
    await expect(answer(Promise.resolve({ error: '<html>', response }))).rejects.toMatchObject({
      status: 502,
      envelope: undefined,
    })
  })
})
