import type { Envelope } from './types'

/** ApiError is a refused or failed request: the server's envelope, or status 0 when there was no answer. */
export class ApiError extends Error {
  readonly status: number
  readonly envelope?: Envelope
  readonly retryAfter?: number

  constructor(status: number, envelope?: Envelope, retryAfter?: number) {
    super(envelope?.message ?? `HTTP ${status}`)
    this.status = status
    this.envelope = envelope
    this.retryAfter = retryAfter
  }

  /** worthRetrying says that the same request may succeed later. */
  get worthRetrying(): boolean {
    return this.status === 0 || this.status >= 500
  }
}

function isEnvelope(body: unknown): body is Envelope {
  return typeof body === 'object' && body !== null && typeof (body as Envelope).message === 'string'
}

/** errorOf makes the error of an answer that is not 2xx. */
export function errorOf(response: Response, body: unknown): ApiError {
  const seconds = Number(response.headers.get('Retry-After'))
  return new ApiError(response.status, isEnvelope(body) ? body : undefined, seconds > 0 ? seconds : undefined)
}
