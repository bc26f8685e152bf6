// The other roles: each has its menu and its people, and no more.
import assert from 'node:assert/strict'
import { colleague, computer, employee, foreign, recorded, stranger, users } from './seeded.mjs'
import { accessible, enter, heading, PASSWORD, picture, settled } from './browser.mjs'

const nameOf = (role) => users.find((user) => user.role === role).username
const menu = (page) => page.getByRole('navigation').getByRole('link').allInnerTexts()

/** answersOf asks the API by itself, as a client of the user's would. */
const answersOf = (page, username, paths) =>
  page.evaluate(
    async ({ username, password, paths }) => {
      const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'en' }
      const body = JSON.stringify({ username, password })
      const signedIn = await fetch('/api/v1/auth/login', { method: 'POST', headers, body })
      const { accessToken } = await signedIn.json()
      headers.Authorization = `Bearer ${accessToken}`
      return Promise.all(
        paths.map(async (path) => {
          const answer = await fetch(`/api/v2${path}`, { headers })
          return [answer.status, (await answer.json()).message]
        }),
      )
    },
    { username, password: PASSWORD, paths },
  )

/** people returns the names on the page of people. */
async function people(page) {
  await page.goto('/people')
  await heading(page, 'People')
  await page.locator('tr[data-row]', { hasText: employee }).waitFor()
  return page.locator('tr[data-row] > td:first-child').allInnerTexts()
}

async function computers(page) {
  await page.goto('/computers')
  await page.locator('tr[data-row]', { hasText: computer.uid }).first().waitFor()
  await settled(page)
  return page.locator('main').innerText()
}

export const tests = {
  async 'HR sees the people and computers of its organization, and of no other'(page) {
    await enter(page, '/', nameOf('HR'))
    await heading(page, 'Today')
    assert.deepEqual(await menu(page), [
      'Today',
      'Entrance',
      'People',
      'Statistics',
      'Computers',
      'Policies',
      'Gateways',
      'Alerts',
      'Storage',
    ])
    const names = await people(page)
    assert.ok(names.includes(employee) && names.includes(colleague), `offers ${names}`)
    assert.ok(!names.includes(foreign.employee), `offers ${names}`)
    const list = await computers(page)
    assert.ok(list.includes(computer.uid) && list.includes(stranger.computer), list)
    assert.ok(!list.includes(foreign.uid), list)
    await page.getByRole('navigation').getByRole('link', { name: 'Gateways' }).click()
    await page.locator('tr[data-gateway]').first().waitFor()
    assert.equal(await page.getByRole('button', { name: 'New provisioning token' }).count(), 0)
    await settled(page)
    await picture(page, 'role-hr')
    await page.goto('/devices')
    await heading(page, 'There is no such page')
    page.refused = /403/
    const refused = await answersOf(page, nameOf('HR'), ['/devices', '/gates'])
    assert.deepEqual(refused, Array(2).fill([403, 'You have no right to this data']))
  },

  async 'a department’s lead sees its people and computers, and of no other department'(page) {
    await enter(page, '/', nameOf('DEPARTMENT_LEAD'))
    await heading(page, 'Today')
    assert.deepEqual(await menu(page), ['Today', 'Passes', 'Visitors', 'People', 'Statistics', 'Computers'])
    assert.deepEqual(await people(page), [employee])
    const list = await computers(page)
    for (const uid of [stranger.computer, recorded.uid, foreign.uid]) {
      assert.ok(!list.includes(uid), `${uid} is in ${list}`)
    }
    await settled(page)
    await picture(page, 'role-lead')
    for (const path of ['/gateways', '/devices', '/policies', '/policies/1']) {
      await page.goto(path)
      await heading(page, 'There is no such page')
    }
    page.refused = /403/
    const refused = await answersOf(page, nameOf('DEPARTMENT_LEAD'), [
      '/gateways',
      '/devices',
      '/gates',
      '/alerts',
      '/policies',
      '/commands',
    ])
    assert.deepEqual(refused, Array(6).fill([403, 'You have no right to this data']))
  },

  async 'a guard sees who is here, and no monitoring'(page) {
    await enter(page, '/', nameOf('GUARD'))
    await heading(page, 'Passes')
    assert.deepEqual(await menu(page), ['Passes', 'Visitors', 'Today', 'Door terminals'])
    await page.goto('/today')
    await heading(page, 'Today')
    await settled(page)
    assert.match(await page.locator('main').innerText(), /Asia\/Tashkent/)
    await accessible(page, 'the page of a guard')
    await picture(page, 'role-guard')
    await page.goto('/security')
    await heading(page, 'Security')
    await page.locator('tr[data-session=current] time[title$="(Asia/Tashkent)"]').waitFor()
    for (const path of [
      '/people',
      '/statistics',
      '/day',
      '/computers',
      '/policies',
      '/gateways',
      '/alerts',
      '/storage',
      '/organizations',
      '/users',
    ]) {
      await page.goto(path)
      await heading(page, 'There is no such page')
    }
    page.refused = /403/
    const paths = [
      'active-windows',
      'visited-sites',
      'screenshots',
      'user-sessions',
      'idle-periods',
      'quarantine',
    ]
    const asked = [...paths, `day?computer=${computer.uid}&date=2025-10-01`].map(
      (path) => `/monitoring/${path}`,
    )
    const said = await answersOf(page, nameOf('GUARD'), [...asked, '/computers', '/alerts'])
    assert.deepEqual(said, Array(9).fill([403, 'You have no right to this data']))
  },
}
