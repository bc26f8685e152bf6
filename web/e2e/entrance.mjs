// What the tests of passes and visitors share: the API as an administrator, and a terminal at a door.
import { PASSWORD, USER } from './browser.mjs'
import { users } from './seeded.mjs'

const { E2E_URL, E2E_AGENT_API_URL } = process.env

export const guard = users.find(({ role }) => role === 'GUARD').username
export const hr = users.find(({ role }) => role === 'HR').username
export const lead = users.find(({ role }) => role === 'DEPARTMENT_LEAD').username

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

let token

/** dashboard asks the API as the administrator. */
export async function dashboard(method, path, body) {
  token ??= (await call('POST', `${E2E_URL}/api/v1/auth/login`, {}, { username: USER, password: PASSWORD }))
    .accessToken
  return call(method, `${E2E_URL}/api/v2${path}`, { Authorization: `Bearer ${token}` }, body)
}

/** person is the employee of that name. */
export async function person(name) {
  const { items } = await dashboard('GET', `/employees?search=${encodeURIComponent(name)}`)
  return items.find((one) => one.name === name)
}

/** terminal puts one at a door, and returns what has it report a pass of now. */
export async function terminal(name, ipAddress, entryType) {
  await dashboard('POST', '/devices', { organizationId: 1, name, ipAddress, entryType, type: 'FACE' })
  const { key } = await dashboard('POST', '/api-keys', { type: 'HIKVISION', organizationId: 1 })
  return (of, accessGranted = true) =>
    call(
      'POST',
      `${E2E_AGENT_API_URL}/api/hikvision/actions`,
      { 'X-API-Key': key },
      {
        deviceIp: ipAddress,
        timestamp: new Date().toISOString(),
        actionType: 'FACE_RECOGNITION',
        accessGranted,
        personInfo: { employeeId: String(of.id), name: of.name },
      },
    )
}

/** code registers a visitor for an hour from now on, and gives a code. */
export async function code(visitor, more = {}) {
  const { id } = await dashboard('POST', '/visitors', { organizationId: 1, ...visitor })
  const startDate = new Date(Date.now() - 60_000).toISOString()
  const endDate = new Date(Date.now() + 3_600_000).toISOString()
  return dashboard('POST', `/visitors/${id}/codes`, { codeType: 'ONETIME', startDate, endDate, ...more })
}
