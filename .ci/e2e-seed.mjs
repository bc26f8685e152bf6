// Gives the browser tests a day to look at: a person by the dashboard's API, and what her computer did by the
// gateway's, as agents of both versions would. Ends when the dashboard has all of it.
import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import {
  branch, branches, colleague, computer, employee, foreign, idle, old, polyglot, recorded, sessions, shots, sites, stranger, users, windows,
} from '../web/e2e/seeded.mjs'
import { seedPeople } from './e2e-seed-people.mjs'

const {
  E2E_URL, E2E_GATEWAY_URL, E2E_AGENT_API_URL, E2E_USER, E2E_PASSWORD, E2E_AGENT_KEY, E2E_DATE, E2E_RECORDINGS,
} = process.env

async function call(method, url, headers, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
  return text && JSON.parse(text)
}

const { accessToken } = await call('POST', `${E2E_URL}/api/v1/auth/login`, {}, { username: E2E_USER, password: E2E_PASSWORD })
const dashboard = (method, path, body) =>
  call(method, `${E2E_URL}/api/v2${path}`, { Authorization: `Bearer ${accessToken}` }, body)
const agent = (path, body) => call('POST', `${E2E_GATEWAY_URL}${path}`, { 'X-API-Key': E2E_AGENT_KEY }, body)

/** until asks again until the answer is wanted. */
async function until(what, ask) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100))) {
    const answer = await ask()
    if (answer) return answer
  }
  throw new Error(`${what}: not within 30 s`)
}

const at = (clock) => new Date(`${E2E_DATE}T${clock}:00+05:00`).toISOString()

async function person(organizationId, departmentName, name) {
  const department = await dashboard('POST', '/departments', { organizationId, fullName: departmentName, shortName: departmentName })
  return dashboard('POST', '/employees', { departmentId: department.id, name })
}

/** colleagues sign in with other roles; the lead leads one department. */
async function colleagues(departmentId) {
  await dashboard('POST', '/users', { name: polyglot, username: polyglot, password: E2E_PASSWORD, role: 'ADMIN' })
  for (const { username, role } of users) {
    const { id } = await dashboard('POST', '/users', { organizationId: 1, name: username, username, password: E2E_PASSWORD, role })
    if (role === 'DEPARTMENT_LEAD') await dashboard('PUT', `/users/${id}/departments`, { departmentIds: [departmentId] })
  }
}

/** anotherOrganization has a person and a computer. */
async function anotherOrganization() {
  const { id } = await dashboard('POST', '/organizations', { fullName: foreign.name, shortName: foreign.name })
  await person(id, 'Begona bo‘lim', foreign.employee)
  const { key } = await dashboard('POST', '/api-keys', { type: 'AGENT', organizationId: id })
  await call('POST', `${E2E_AGENT_API_URL}/v2/agent/register`, { 'X-API-Key': key }, { computer: { computerUid: foreign.uid } })
}

/** closedBranches are enough organizations for a second page of their list. */
async function closedBranches() {
  for (const shortName of branches) await dashboard('POST', '/organizations', { fullName: `${shortName}, yopilgan`, shortName, isActive: false })
}

/** recordings sends, twice, what v1's agents sent and v1 took. */
async function recordings() {
  const all = readFileSync(E2E_RECORDINGS, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  const taken = all.filter(({ app, path, status }) => app === 'agent-api' && path.startsWith('/api/agent/') && status < 300)
  if (taken.length === 0) throw new Error(`${E2E_RECORDINGS}: no request of an agent`)
  for (const { path, body } of [...taken, ...taken]) await agent(path, body)
}

/** hers is her day: windows, sites and sessions as v1's agent reports them, idle time as v2's does. */
async function hers() {
  const { uid: computerUid, sid: userSid } = computer
  const v1 = (path, data) => agent(`/api/agent/${path}`, { computerUid, userSid, timestamp: new Date().toISOString(), data })
  await agent('/api/agent/register-computer', {
    computerUid, os: 'Windows 11 Pro', ipAddress: '192.168.1.100', macAddress: '00:11:22:33:44:55',
  })
  await agent('/api/agent/register-computer-user', {
    sid: userSid, name: 'Nodira', domain: 'BANK', username: 'n.aliyeva', isAdmin: false, isInDomain: true,
  })
  await v1('active-windows', windows.map(([clock, minutes, processName, title]) => ({
    datetime: at(clock), title, processName, activeTime: minutes * 60,
  })))
  await v1('visited-sites', sites.map(([clock, minutes, url, title]) => ({
    datetime: at(clock), url, title, processName: 'chrome.exe', activeTime: minutes * 60,
  })))
  await v1('user-sessions', sessions.map(([clock, sessionType]) => ({ startTime: at(clock), sessionType })))
  const events = idle.map(([clock, minutes]) => ({ type: 'idle_period', at: at(clock), durationSeconds: minutes * 60 }))
  await agent('/v2/agent/events', { computerUid, userSid, events })
}

/** screen draws a picture, as PNG: a window of that colour on a grey desk. */
function screen(colour, width = 640, height = 360) {
  const lines = Array.from({ length: height }, (_, y) => {
    const inside = (x) => x > 40 && x < width - 40 && y > 30 && y < height - 50
    return [0, ...Array.from({ length: width }, (_, x) => (inside(x) && (x + y) % 40 > 2 ? colour : [90, 100, 110])).flat()]
  })
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const pixels = deflateSync(Buffer.from(lines.flat()))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

/** herScreen is what her agent pictured. */
async function herScreen() {
  for (const [clock, processName, title, colour] of shots) {
    const form = new FormData()
    const known = { id: crypto.randomUUID(), computerUid: computer.uid, userSid: computer.sid, at: at(clock), processName, title }
    form.append('metadata', JSON.stringify(known))
    form.append('file', new Blob([screen(colour)], { type: 'image/png' }), 'screen.png')
    const answer = await fetch(`${E2E_GATEWAY_URL}/v2/agent/screenshots`, { method: 'POST', headers: { 'X-API-Key': E2E_AGENT_KEY }, body: form })
    if (!answer.ok) throw new Error(`a picture: ${answer.status} ${await answer.text()}`)
  }
}

/** longAgo is an event that a short rule would take away. */
function longAgo() {
  const then = new Date(new Date(at('12:00')).getTime() - old.daysBefore * 86_400_000).toISOString()
  const event = { type: 'active_window', at: then, durationSeconds: old.minutes * 60, processName: old.process, title: 'Kassa' }
  return agent('/v2/agent/events', { computerUid: stranger.uid, userSid: stranger.sid, events: [event] })
}

/** somebody's computer has a Windows user whom nobody has linked to a person. */
const unknownUser = () =>
  agent('/v2/agent/register', {
    computer: { computerUid: stranger.uid, name: stranger.computer, os: 'Windows 10 Pro', ipAddress: '192.168.1.107', agentVersion: '2.0.0' },
    users: [{ sid: stranger.sid, name: stranger.name, domain: 'BANK', username: 'kassa' }],
  })

/** otherGateway delivers with a hole, fills its buffer and says so. */
async function otherGateway() {
  const { apiKey, gatewayId } = await dashboard('POST', '/gateways', { organizationId: 1, serial: branch.serial, name: branch.name })
  const deliver = (path, body) => call('POST', `${E2E_AGENT_API_URL}${path}`, { Authorization: `Bearer ${apiKey}` }, body)
  const epoch = '3f6d1c0a9b8e4d7f'
  const [first, last] = branch.gap
  const data = Array.from({ length: last + 3 }, (_, n) => n + 1)
    .filter((seq) => seq < first || seq > last)
    .map((seq) => ({
      seq, type: 'active_window', computerUid: stranger.uid, userSid: stranger.sid, at: at(`10:0${seq % 10}`),
      key: crypto.randomUUID(), processName: 'kassa.exe', title: 'Kassa', durationSeconds: 60,
    }))
  await deliver('/v2/ingest/logs', { epoch, stream: 'agent', until: new Date().toISOString(), data })
  await deliver('/v2/gateway/heartbeat', {
    status: 'online', version: '2.0.0', epoch, sentAt: new Date().toISOString(), queueDepth: 91240, bufferUsage: branch.bufferUsage,
    connectedAgents: 12, streams: [{ stream: 'agent', last: last + 3, pending: 3 }],
    alerts: [{
      id: crypto.randomUUID(), kind: 'buffer_overflow', severity: 'warning', at: new Date().toISOString(),
      subject: `gateway:${gatewayId}`, details: { usage: branch.bufferUsage },
    }],
  })
}

/** link makes the Windows user, once the dashboard knows it, an employee's. */
async function link(sid, employeeId) {
  const user = await until(`the Windows user ${sid}`, async () => {
    const { items } = await dashboard('GET', '/computers/users?limit=100')
    return items.find((one) => one.sid === sid)
  })
  await dashboard('POST', `/computers/users/${user.id}/link`, { employeeId })
}

const { id, departmentId } = await person(1, 'Buxgalteriya', employee)
const other = await person(1, 'Dasturchilar', colleague)
await colleagues(departmentId)
await anotherOrganization()
await closedBranches()
await hers()
await herScreen()
await unknownUser()
await longAgo()
await otherGateway()
await link(computer.sid, id)
await seedPeople({ dashboard, agent, person, link, until, date: E2E_DATE })
if (E2E_RECORDINGS) {
  await recordings()
  await link(recorded.sid, other.id)
}

const range = new URLSearchParams({ from: at('00:00'), to: at('23:59'), employee: id })
const wanted = { 'active-windows': windows, 'visited-sites': sites, 'user-sessions': sessions, 'idle-periods': idle }
for (const [table, { length }] of Object.entries(wanted)) {
  await until(table, async () => (await dashboard('GET', `/monitoring/${table}?${range}`)).items.length === length)
}
await until('screenshots', async () => (await dashboard('GET', `/screenshots?employee=${id}&date=${E2E_DATE}`)).items.length === shots.length)
