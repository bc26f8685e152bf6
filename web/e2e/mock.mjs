// A stand-in for the server, for working on the pages without one: invented data, no rules, nothing kept.
// The real server's answers are what counts; run.mjs drives either.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dayOf } from './mock-day.mjs'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES = {
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
}

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString()
const user = { id: 1, username: 'admin', name: 'Administrator', role: 'ADMIN' }
const page = (items) => ({ items, next: '' })

const departments = ['Buxgalteriya', 'Yuridik boʻlim', 'Савдо бўлими']
const employees = [
  'Aliyeva Nodira Baxtiyorovna',
  'Karimov Jasur Oʻktamovich',
  'Петрова Анна Сергеевна',
  'Rahimov Sardor',
  'Toʻxtayeva Gulnora Shavkatovna',
  'Usmonov Dilshod',
].map((name, n) => ({
  id: n + 1,
  name,
  departmentId: (n % 3) + 1,
  departmentName: departments[n % 3],
  isActive: true,
}))

const computers = ['BUH-01', 'BUH-02', 'YUR-01', 'SAVDO-07'].map((name, n) => ({
  id: n + 1,
  computerUid: `0f3a-${name}`,
  name,
  os: 'Windows 11 Pro 23H2',
  ipAddress: `10.0.4.${n + 11}`,
  lastSeenAt: n === 3 ? undefined : ago(n * 90 + 1),
  isActive: true,
}))

const users = [
  {
    id: 1,
    sid: 'S-1-5-21-1',
    name: 'Nodira',
    domain: 'SQB',
    username: 'n.aliyeva',
    computers: ['0f3a-BUH-01'],
  },
  {
    id: 2,
    sid: 'S-1-5-21-2',
    name: '',
    domain: 'SQB',
    username: 'kassa',
    computers: ['0f3a-BUH-01', '0f3a-BUH-02'],
  },
]

const stream = (name, watermark, minutes, gaps = []) => ({
  epoch: '0192f3c4-7a11-7bb2-8c1d-2f5f6a7b8c9d',
  stream: name,
  watermark,
  completeUntil: ago(minutes),
  gaps,
})

const gateways = [
  {
    id: '0192f3c4-0001-7000-8000-000000000001',
    serial: 'GW-TASHKENT-01',
    name: 'Toshkent, bosh ofis',
    organizationId: 1,
    status: 'online',
    lastSeenAt: ago(0.2),
    version: '2.0.0',
    bufferUsage: 0.034,
    queueDepth: 1284,
    connectedAgents: 112,
    clockSkewMs: 140,
    completeUntil: ago(1),
    streams: [stream('agent', 1482201, 1), stream('device', 20418, 1)],
    createdAt: ago(60 * 24 * 40),
  },
  {
    id: '0192f3c4-0001-7000-8000-000000000002',
    serial: 'GW-SAMARQAND-01',
    name: 'Samarqand filiali',
    organizationId: 1,
    status: 'offline',
    statusReason: 'heartbeat missed',
    lastSeenAt: ago(185),
    version: '2.0.0',
    bufferUsage: 0.78,
    queueDepth: 91240,
    connectedAgents: 0,
    clockSkewMs: -600200,
    completeUntil: ago(186),
    streams: [
      stream('agent', 77120, 186, [
        { first: 76001, last: 76240, since: ago(400), reason: 'buffer overflow' },
      ]),
    ],
    createdAt: ago(60 * 24 * 12),
  },
  {
    id: '0192f3c4-0001-7000-8000-000000000003',
    serial: 'GW-OLD',
    name: '',
    organizationId: 1,
    status: 'revoked',
    lastSeenAt: ago(60 * 24 * 9),
    bufferUsage: 0,
    queueDepth: 0,
    connectedAgents: 0,
    streams: [],
    createdAt: ago(60 * 24 * 90),
  },
]

let tokens = [
  {
    id: 1,
    organizationId: 1,
    note: 'Buxoro',
    expiresAt: ago(-600),
    maxUses: 2,
    uses: 1,
    createdAt: ago(800),
  },
]

const alerts = [
  [
    'gateway_offline',
    'critical',
    183,
    'gateway:GW-SAMARQAND-01',
    '“Samarqand filiali” shlyuzi 3 soatdan beri aloqada emas.',
  ],
  ['data_gap', 'warning', 400, 'gateway:GW-SAMARQAND-01', 'Agent maʼlumotlarida uzilish: 76001–76240.'],
  [
    'connection_failed',
    'info',
    1600,
    'gateway:GW-TASHKENT-01',
    'Server bilan aloqa 40 soniyaga uzildi va tiklandi.',
  ],
].map(([kind, severity, minutes, subject, message], n) => ({
  id: String(n),
  kind,
  severity,
  at: ago(minutes),
  subject,
  message,
}))

const TEXTS = {
  'auth.wrong': {
    uz: 'Login yoki parol notoʻgʻri',
    ru: 'Неверный логин или пароль',
    en: 'Wrong user name or password',
  },
  'auth.none': { uz: 'Avval tizimga kiring', ru: 'Сначала войдите', en: 'Sign in first' },
  not_found: { uz: 'Topilmadi', ru: 'Не найдено', en: 'Not found' },
  internal: { uz: 'Serverda xato', ru: 'Ошибка на сервере', en: 'The server failed' },
}

class Refusal extends Error {
  constructor(status, code) {
    super(code)
    this.status = status
  }
}

const has = (text, query) => text.toLowerCase().includes((query.get('search') ?? '').toLowerCase())

/** The routes: a method and a pattern, and what answers. */
const routes = [
  ['GET', '/auth/me', () => user],
  ['POST', '/auth/logout', () => undefined],
  [
    'GET',
    '/organizations',
    () => page([{ id: 1, fullName: 'SQB', shortName: 'SQB', zone: 'Asia/Tashkent', language: 'uz' }]),
  ],
  ['GET', '/gateways', () => page(gateways)],
  ['GET', '/gateways/tokens', () => page(tokens)],
  ['POST', '/gateways/tokens', issue],
  [
    'DELETE',
    '/gateways/tokens/:id',
    ({ id }) => void (tokens = tokens.filter((token) => String(token.id) !== id)),
  ],
  [
    'POST',
    '/gateways/:id/revoke',
    ({ id }) => void (gateways.find((gateway) => gateway.id === id).status = 'revoked'),
  ],
  [
    'POST',
    '/gateways/:id/rotate-key',
    () => ({ apiKey: 'sgw_9f2c7d1e5b8a4c3f0d6e9a1b2c3d4e5f', overlapUntil: ago(-1440) }),
  ],
  ['GET', '/employees', (_, query) => page(employees.filter(({ name }) => has(name, query)))],
  [
    'GET',
    '/employees/:id',
    ({ id }) => employees.find((employee) => String(employee.id) === id) ?? refuse(404, 'not_found'),
  ],
  ['GET', '/computers', (_, query) => page(computers.filter(({ name }) => has(name, query)))],
  [
    'GET',
    '/computers/users',
    (_, query) => page(users.filter((u) => (query.get('linked') === 'true') === Boolean(u.employeeId))),
  ],
  ['POST', '/computers/users/:id/link', ({ id }, _, body) => link(id, body.employeeId)],
  ['POST', '/computers/users/:id/unlink', ({ id }) => link(id, undefined)],
  ['GET', '/monitoring/day', (_, query) => dayOf(query.get('date'), query.get('employee') === '6' ? 0 : 1)],
  ['GET', '/alerts', () => page(alerts)],
]

function refuse(status, code) {
  throw new Refusal(status, code)
}

function issue(_, __, body) {
  const id = tokens.length + 1
  tokens = [
    {
      id,
      organizationId: 1,
      note: '',
      ...body,
      expiresAt: ago(-body.expiresInHours * 60),
      uses: 0,
      createdAt: ago(0),
    },
    ...tokens,
  ]
  return {
    id,
    token: 'spt_4c1b7e9d2f8a6053b1c4d7e0f3a6928b',
    expiresAt: tokens[0].expiresAt,
    maxUses: body.maxUses,
  }
}

function link(id, employeeId) {
  const found = users.find((u) => String(u.id) === id)
  found.employeeId = employeeId
  found.employeeName = employees.find((employee) => employee.id === employeeId)?.name
}

function match(pattern, path) {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const params = {}
  const fits = wanted.every((part, n) =>
    part.startsWith(':') ? (params[part.slice(1)] = given[n]) : part === given[n],
  )
  return fits ? params : undefined
}

function answer(request, path, query, body) {
  if (path === '/auth/login') {
    return body.username === 'admin' && body.password === 'admin' ? grant() : refuse(401, 'auth.wrong')
  }
  if (path === '/auth/refresh')
    return /staff=1/.test(request.headers.cookie ?? '') ? grant() : refuse(401, 'auth.none')
  if (request.headers.authorization !== 'Bearer mock') refuse(401, 'auth.none')
  for (const [method, pattern, act] of routes) {
    const params = method === request.method && match(pattern, path)
    if (params) return act(params, query, body)
  }
  return refuse(404, 'not_found')
}

const grant = () => ({ accessToken: 'mock', expiresIn: 900, user })

async function serveApi(request, response, url) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const path = url.pathname.replace('/api/v2', '')
  const send = (status, body) => {
    response.setHeader('Content-Type', 'application/json')
    if (path === '/auth/login' && status === 200)
      response.setHeader('Set-Cookie', 'staff=1; HttpOnly; SameSite=Strict; Path=/api')
    if (path === '/auth/logout') response.setHeader('Set-Cookie', 'staff=; Max-Age=0; Path=/api')
    response.writeHead(body === undefined ? 204 : status).end(body && JSON.stringify(body))
  }
  try {
    send(200, answer(request, path, url.searchParams, JSON.parse(Buffer.concat(chunks).toString() || '{}')))
  } catch (error) {
    const code = error instanceof Refusal ? error.message : 'internal'
    const message = TEXTS[code][request.headers['accept-language']?.slice(0, 2)] ?? TEXTS[code].uz
    send(error.status ?? 500, {
      success: false,
      error: code,
      code,
      message,
      timestamp: ago(0),
      traceId: '4bf92f3577b34da6',
    })
  }
}

function serveFile(response, path) {
  const name = normalize(path).replace(/^\/+/, '')
  try {
    const body = readFileSync(join(dist, name || 'index.html'))
    response.setHeader('Content-Type', TYPES[name.split('.').pop()] ?? TYPES.html)
    response.end(body)
  } catch {
    response.setHeader('Content-Type', TYPES.html)
    response.end(readFileSync(join(dist, 'index.html')))
  }
}

/** start listens on a free or the given port and returns the address. */
export function start(port = 0) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://mock')
    response.setHeader('Content-Security-Policy', CSP)
    if (url.pathname.startsWith('/api/')) void serveApi(request, response, url)
    else serveFile(response, url.pathname)
  })
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }),
    )
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await start(Number(process.env.PORT ?? 3000))).url)
}
