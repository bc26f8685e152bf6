import createClient from 'openapi-fetch'
import { ApiError, errorOf } from './errors'
import { heard } from './fallback'
import { SessionStore } from './session'
import type { Arrival, Grant, paths, SignIn } from './types'

/** language is what the answers' texts are asked in; the page sets it when the user switches. */
let language = 'uz'

export function speak(code: string): void {
  language = code
}

/** The cookie is out of the page's sight; this says that there may be one, so that nobody else's visit begins with a refusal. */
const HINT = 'staff-control.session'

function mayHaveSession(): boolean {
  try {
    return localStorage.getItem(HINT) !== null
  } catch {
    return true
  }
}

function remember(): void {
  try {
    if (session.get().state === 'in') localStorage.setItem(HINT, 'may be')
    else localStorage.removeItem(HINT)
  } catch {
    // Storage may be refused; then every visit asks.
  }
}

async function askRefresh(): Promise<Grant | null> {
  if (!mayHaveSession()) return null
  const response = await send(new Request('/api/v2/auth/refresh', { method: 'POST' }))
  if (response.status === 401) return null
  if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined))
  return (await response.json()) as Grant
}

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('staff-control')

export const session = new SessionStore(askRefresh, Date.now, channel)
session.subscribe(remember)

/** send is fetch, with "no answer" as an ApiError of status 0. */
async function send(request: Request): Promise<Response> {
  request.headers.set('Accept-Language', language)
  try {
    const response = await fetch(request)
    heard(new URL(request.url).pathname, response)
    return response
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0)
  }
}

/** authorized sends the request with the access token, and once more after a 401 with a new one. */
export async function authorized(request: Request, s: SessionStore = session): Promise<Response> {
  const again = request.clone()
  request.headers.set('Authorization', `Bearer ${await s.bearer()}`)
  const response = await send(request)
  if (response.status !== 401 || isSignIn(request) || !(await s.refresh())) return response
  again.headers.set('Authorization', `Bearer ${await s.bearer()}`)
  return send(again)
}

function isSignIn(request: Request): boolean {
  return /^\/api\/v2\/auth\/(login|oidc)/.test(new URL(request.url).pathname)
}

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin,
  fetch: (request) => authorized(request),
})

/** answer returns the body of a call, or throws its ApiError. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw errorOf(response, error)
  return data as T
}

export async function signIn(body: SignIn): Promise<void> {
  session.start(await answer(api.POST('/api/v2/auth/login', { body })))
}

/** signInBy finishes a sign-in at the provider. */
export async function signInBy(body: Arrival): Promise<void> {
  session.start(await answer(api.POST('/api/v2/auth/oidc/login', { body })))
}

export async function signOut(): Promise<void> {
  try {
    await answer(api.POST('/api/v2/auth/logout'))
  } finally {
    session.end()
  }
}
