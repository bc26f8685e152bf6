// The dashboard's API as the pages use it, in the shape that openapi-typescript generates, so that
// `npm run types` can replace it: point client.ts at ./schema and alias the names below.

export type Role = 'ADMIN' | 'HR' | 'DEPARTMENT_LEAD' | 'GUARD'

export interface User {
  id: number
  username: string
  name: string
  role: Role
  organizationId?: number
  language?: string
}

export interface Grant {
  accessToken: string
  expiresIn: number
  user: User
}

export interface Gap {
  first: number
  last: number
  since: string
  reason?: string
}

export interface Stream {
  epoch: string
  stream: string
  watermark: number
  completeUntil?: string
  gaps: Gap[]
}

export interface Gateway {
  id: string
  serial: string
  name: string
  organizationId: number
  status: 'online' | 'offline' | 'revoked'
  statusReason?: string
  lastSeenAt?: string
  version?: string
  /** Share of the buffer that is in use, 0 to 1. */
  bufferUsage: number
  queueDepth: number
  connectedAgents: number
  clockSkewMs?: number
  completeUntil?: string
  streams: Stream[]
  createdAt: string
}

export interface ProvisioningToken {
  id: number
  organizationId: number
  note: string
  expiresAt: string
  maxUses: number
  uses: number
  createdAt: string
}

export interface NewProvisioningToken {
  organizationId?: number
  expiresInHours: number
  maxUses: number
  note?: string
}

export interface IssuedToken {
  id: number
  token: string
  expiresAt: string
  maxUses: number
}

export interface RotatedKey {
  apiKey: string
  overlapUntil: string
}

export interface Organization {
  id: number
  fullName: string
  shortName: string
  zone: string
  language: string
}

export interface Employee {
  id: number
  name: string
  departmentId: number
  departmentName: string
  isActive: boolean
}

export interface Computer {
  id: number
  computerUid: string
  name: string
  os: string
  ipAddress: string
  lastSeenAt?: string
  isActive: boolean
}

export interface ComputerUser {
  id: number
  sid: string
  name: string
  domain: string
  username: string
  employeeId?: number
  employeeName?: string
  computers: string[]
}

interface Span {
  from: string
  to: string
  computer: string
}

export interface SessionSpan extends Span {
  state: 'active' | 'locked'
}

export interface WindowSpan extends Span {
  process: string
  title: string
}

export interface SiteSpan extends Span {
  host: string
  url: string
  title: string
}

export interface Share {
  name: string
  seconds: number
  share: number
}

export interface Day {
  date: string
  zone: string
  from: string
  to: string
  sessions: SessionSpan[]
  windows: WindowSpan[]
  sites: SiteSpan[]
  idle: Span[]
  topApplications: Share[]
  topSites: Share[]
  totals: {
    activeSeconds: number
    idleSeconds: number
    lockedSeconds: number
    firstAt?: string
    lastAt?: string
  }
  truncated: boolean
}

export interface Alert {
  id: string
  kind: string
  severity: 'info' | 'warning' | 'critical'
  at: string
  subject: string
  details?: Record<string, unknown>
  message: string
}

export interface Page<T> {
  items: T[]
  next: string
}

/** The error envelope of every refused request. */
export interface Envelope {
  success: false
  error: string
  code: string
  message: string
  details?: { field: string; code: string; message: string }[]
  timestamp: string
  traceId: string
}

type Answer<T> = { content: { 'application/json': T } }
type Refusal = { default: Answer<Envelope> }
type Query = { limit?: number; after?: string }

type Get<T, Q = never> = {
  parameters: [Q] extends [never] ? { query?: never } : { query?: Q }
  responses: { 200: Answer<T> } & Refusal
}
type GetOne<T> = { parameters: { path: { id: string | number } }; responses: { 200: Answer<T> } & Refusal }
type Post<B, T> = {
  requestBody: { content: { 'application/json': B } }
  responses: { 200: Answer<T> } & Refusal
}
type Bare<T> = { responses: { 200: Answer<T> } & Refusal }
type Act<T> = { parameters: { path: { id: string | number } }; responses: { 200: Answer<T> } & Refusal }
type ActWith<B> = {
  parameters: { path: { id: string | number } }
  requestBody: { content: { 'application/json': B } }
  responses: { 204: { content?: never } } & Refusal
}
type Drop = {
  parameters: { path: { id: string | number } }
  responses: { 204: { content?: never } } & Refusal
}

export interface paths {
  '/api/v2/auth/login': { post: Post<{ username: string; password: string }, Grant> }
  '/api/v2/auth/refresh': { post: Bare<Grant> }
  '/api/v2/auth/logout': { post: { responses: { 204: { content?: never } } & Refusal } }
  '/api/v2/auth/me': { get: Get<User> }
  '/api/v2/gateways': { get: Get<Page<Gateway>, Query> }
  '/api/v2/gateways/tokens': {
    get: Get<Page<ProvisioningToken>, Query>
    post: Post<NewProvisioningToken, IssuedToken>
  }
  '/api/v2/gateways/tokens/{id}': { delete: Drop }
  '/api/v2/gateways/{id}/revoke': { post: Drop }
  '/api/v2/gateways/{id}/rotate-key': { post: Act<RotatedKey> }
  '/api/v2/organizations': { get: Get<Page<Organization>, Query> }
  '/api/v2/employees': { get: Get<Page<Employee>, Query & { search?: string; departmentId?: number }> }
  '/api/v2/employees/{id}': { get: GetOne<Employee> }
  '/api/v2/computers': { get: Get<Page<Computer>, Query & { search?: string }> }
  '/api/v2/computers/users': { get: Get<Page<ComputerUser>, Query & { linked?: boolean; search?: string }> }
  '/api/v2/computers/users/{id}/link': { post: ActWith<{ employeeId: number; from?: string }> }
  '/api/v2/computers/users/{id}/unlink': { post: Drop }
  '/api/v2/monitoring/day': { get: Get<Day, { employee?: number; computer?: string; date: string }> }
  '/api/v2/alerts': { get: Get<Page<Alert>, Query> }
}
