// Gives the browser tests a day to look at: a person by the dashboard's API, and what her computer did
// by the gateway's, as an agent would. Ends when the dashboard shows all of it.
const { E2E_URL, E2E_GATEWAY_URL, E2E_USER, E2E_PASSWORD, E2E_AGENT_KEY, E2E_DATE, E2E_EMPLOYEE } = process.env
const computerUid = 'BUH-01'
const userSid = 'S-1-5-21-1004336348-1177238915-682003330-1001'

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
const agent = (path, body) => call('POST', `${E2E_GATEWAY_URL}/api/agent/${path}`, { 'X-API-Key': E2E_AGENT_KEY }, body)

/** until asks again until the answer is wanted. */
async function until(what, ask) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100))) {
    const answer = await ask()
    if (answer) return answer
  }
  throw new Error(`${what}: not within 30 s`)
}

const day = (hour, minute) => new Date(Date.parse(`${E2E_DATE}T00:00:00+05:00`) + (hour * 60 + minute) * 60_000).toISOString()
const windows = [
  ['EXCEL.EXE', 'Hisobot.xlsx - Excel'],
  ['chrome.exe', 'Soliq kabineti — Google Chrome'],
  ['1cv8.exe', '1С:Бухгалтерия предприятия'],
].flatMap(([processName, title], n) =>
  [9, 11, 15].map((hour) => ({ datetime: day(hour, n * 20), title, processName, activeTime: 900 })),
)
const sites = [10, 14].map((hour) => ({
  datetime: day(hour, 5),
  url: 'https://my.soliq.uz/kabinet',
  title: 'Soliq kabineti',
  processName: 'chrome.exe',
  activeTime: 600,
}))
const sessions = [
  { startTime: day(8, 57), sessionType: 'LOGIN' },
  { startTime: day(13, 0), endTime: day(13, 50), sessionType: 'LOCKED' },
  { startTime: day(18, 5), sessionType: 'LOGOUT' },
]

const department = await dashboard('POST', '/departments', { organizationId: 1, fullName: 'Buxgalteriya', shortName: 'Buxgalteriya' })
const employee = await dashboard('POST', '/employees', { departmentId: department.id, name: `${E2E_EMPLOYEE} Nodira Baxtiyorovna` })

await agent('register-computer', { computerUid, os: 'Windows 11 Pro', ipAddress: '192.168.1.100', macAddress: '00:11:22:33:44:55' })
await agent('register-computer-user', {
  sid: userSid, name: 'Nodira', domain: 'BANK', username: 'n.aliyeva', isAdmin: false, isInDomain: true,
})
const batch = (data) => ({ computerUid, userSid, timestamp: new Date().toISOString(), data })
await agent('active-windows', batch(windows))
await agent('visited-sites', batch(sites))
await agent('user-sessions', batch(sessions))

const user = await until('the Windows user', async () => {
  const { items } = await dashboard('GET', '/computers/users')
  return items.find(({ sid }) => sid === userSid)
})
await dashboard('POST', `/computers/users/${user.id}/link`, { employeeId: employee.id })
const range = new URLSearchParams({ from: day(0, 0), to: day(24, 0), employee: employee.id })
for (const [table, count] of [['active-windows', windows.length], ['visited-sites', sites.length], ['user-sessions', sessions.length]]) {
  await until(table, async () => (await dashboard('GET', `/monitoring/${table}?${range}`)).items.length === count)
}
