import type { Grant, User } from './types'

/** Who uses the page: not known yet, nobody, or a user. */
export type Session = { state: 'unknown' } | { state: 'out' } | { state: 'in'; user: User }

/** Ask fetches a new access token with the HttpOnly cookie; null means nobody is signed in. */
type Ask = () => Promise<Grant | null>

const EARLY_MS = 30_000

/**
 * SessionStore keeps the access token in memory and nowhere else, and renews it: once at a time in this
 * page, and one page after another, because a refresh token that is used twice ends the session.
 */
export class SessionStore {
  private session: Session = { state: 'unknown' }
  private token = ''
  private expiresAt = 0
  private pending: Promise<boolean> | null = null
  private readonly listeners = new Set<() => void>()
  private readonly channel?: BroadcastChannel
  private readonly ask: Ask
  private readonly now: () => number

  constructor(ask: Ask, now: () => number = Date.now, channel?: BroadcastChannel) {
    this.ask = ask
    this.now = now
    this.channel = channel
    channel?.addEventListener('message', (event) => {
      if (event.data === 'signed-out') this.clear()
    })
  }

  readonly get = (): Session => this.session

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** bearer returns a token that is still good, renewing it first if it is about to end. */
  async bearer(): Promise<string> {
    if (this.token !== '' && this.now() > this.expiresAt - EARLY_MS) await this.refresh()
    return this.token
  }

  /** refresh renews the token; every caller meanwhile shares the one request. */
  refresh(): Promise<boolean> {
    this.pending ??= this.renew().finally(() => (this.pending = null))
    return this.pending
  }

  start(grant: Grant): void {
    this.token = grant.accessToken
    this.expiresAt = this.now() + grant.expiresIn * 1000
    this.set({ state: 'in', user: grant.user })
  }

  /** end forgets the session here and in the browser's other pages. */
  end(): void {
    this.clear()
    this.channel?.postMessage('signed-out')
  }

  private async renew(): Promise<boolean> {
    const grant = await oneAtATime(this.ask)
    if (grant === null) this.clear()
    else this.start(grant)
    return grant !== null
  }

  private clear(): void {
    this.token = ''
    this.expiresAt = 0
    if (this.session.state !== 'out') this.set({ state: 'out' })
  }

  private set(session: Session): void {
    this.session = session
    this.listeners.forEach((listener) => listener())
  }
}

/** oneAtATime runs ask while no other page of this browser does; plain HTTP has no locks, there it just runs. */
async function oneAtATime(ask: Ask): Promise<Grant | null> {
  const locks = globalThis.navigator?.locks
  return locks ? await locks.request('staff-control-refresh', () => ask()) : await ask()
}
