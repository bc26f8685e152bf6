// What guards a person's sign-in: where one is signed in, the second step, tokens for programs, and the provider of sign-ins.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import {
  accessible,
  enter,
  fits,
  heading,
  open,
  PASSWORD,
  picture,
  settled,
  signIn,
  USER,
} from './browser.mjs'

const URL_OF_PROVIDER = process.env.E2E_PROVIDER

/** codeOf is what an authenticator app shows, so many steps of half a minute from now: the server takes one step off either way. */
function codeOf(secret, steps) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((one) => letters.indexOf(one).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const sum = createHmac('sha1', key).update(counter).digest()
  return String((sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** asAdmin asks the API as an administrator, and returns the answer. */
const asAdmin = (page, method, path, body) =>
  page.evaluate(
    async ({ method, path, body, username, password }) => {
      const headers = { 'Content-Type': 'application/json' }
      const login = JSON.stringify({ username, password })
      const signedIn = await fetch('/api/v1/auth/login', { method: 'POST', headers, body: login })
      headers.Authorization = `Bearer ${(await signedIn.json()).accessToken}`
      const answer = await fetch(path, { method, headers, body: JSON.stringify(body) })
      return answer.status === 204 ? undefined : answer.json()
    },
    { method, path, body, username: USER, password: PASSWORD },
  )

const newUser = (page, username) =>
  asAdmin(page, 'POST', '/api/v2/users', {
    name: `Name of ${username}`,
    username,
    role: 'HR',
    organizationId: 1,
    password: PASSWORD,
  })

const button = (page, name) => page.getByRole('button', { name, exact: true })
const password = (page) => page.getByLabel('Present password')
const code = (page) => page.getByRole('textbox', { name: 'Code' })

export const tests = {
  async 'a person sees where it is signed in, and ends what it does not know'(page) {
    await page.goto('/')
    await newUser(page, 'lola')
    const phone = await open(page.context().browser(), process.env.E2E_URL, {
      userAgent: 'Firefox/140.0 (Android 16)',
    })
    await enter(phone, '/security', 'lola')
    await enter(page, '/security', 'lola')
    await heading(page, 'Security')
    const rows = page.locator('tr[data-session]')
    assert.equal(await rows.count(), 2)
    await page.locator('tr[data-session=current]').getByText('This one').waitFor()
    await accessible(page, 'security')
    await picture(page, 'security')
    await page.setViewportSize({ width: 360, height: 800 })
    await fits(page, 'security')
    await page.setViewportSize({ width: 1280, height: 900 })
    await button(page, 'End the others').click()
    await page.locator('tr[data-session=other]').waitFor({ state: 'detached' })
    phone.refused = /401/
    await phone.reload()
    await phone.locator('input[name=password]').waitFor()
    assert.deepEqual(phone.faults, [])
    await phone.context().close()
  },

  async 'the second step is switched on, asked for, and taken away by an administrator'(page) {
    await page.goto('/')
    await newUser(page, 'kamila')
    await enter(page, '/security', 'kamila')
    page.refused = /40[0-9]/
    await button(page, 'Switch on').click()
    await password(page).fill(PASSWORD)
    await button(page, 'Go on').click()
    const secret = await page.getByTestId('secret').innerText()
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await code(page).fill('000000')
    await button(page, 'Switch on').click()
    await page.getByRole('alert').waitFor()
    await code(page).fill(codeOf(secret, -1))
    await button(page, 'Switch on').click()
    await page.getByText('They are not shown again.').waitFor()
    const recovery = (await page.getByTestId('secret').innerText()).split('\n')
    assert.equal(recovery.length, 10)
    await button(page, 'I have kept them').click()
    await page.getByText('Recovery codes left: 10.').waitFor()
    await accessible(page, 'security with a second step')

    const other = await open(page.context().browser(), process.env.E2E_URL)
    other.refused = /401/
    await other.goto('/people')
    await signIn(other, PASSWORD, 'kamila')
    await other.getByText('The password is right. Now enter the code.').waitFor()
    await picture(other, 'sign-in-code')
    await code(other).fill(recovery[0])
    await other.locator('button[type=submit]').click()
    await heading(other, 'People')

    await other.context().close()

    const boss = await open(page.context().browser(), process.env.E2E_URL)
    await enter(boss, '/users?q=kamila')
    const row = boss.locator('tr[data-user=kamila]')
    await row.getByText(/^\W*On$/).waitFor()
    await row.getByRole('link').click()
    await button(boss, 'Take the second step away').click()
    await boss.getByText('The password alone signs in now.').waitFor()
    await boss.goBack()
    await row.getByText(/^\W*Off$/).waitFor()
    await boss.context().close()
    await page.reload()
    await signIn(page, PASSWORD, 'kamila')
    await heading(page, 'Security')
    await button(page, 'Switch on').waitFor()
  },

  async 'a token is made, shown once, works for what it is allowed, and is revoked'(page) {
    await page.goto('/')
    await newUser(page, 'nargiza')
    await enter(page, '/security', 'nargiza')
    page.refused = /40[0-9]/
    await button(page, 'New token').click()
    await page.getByRole('textbox', { name: 'Name' }).fill('1C')
    await page.getByRole('combobox', { name: 'Rights' }).fill('employee.read')
    await page.getByRole('option', { name: 'employee.read' }).click()
    await page.keyboard.press('Escape')
    await password(page).fill('wrong')
    await button(page, 'Make').click()
    await page.getByRole('alert').waitFor()
    await password(page).fill(PASSWORD)
    await button(page, 'Make').click()
    const token = await page.getByTestId('secret').innerText()
    assert.match(token, /^sct_/)
    await settled(page)
    await picture(page, 'security-token')
    const opens = (path) =>
      page.evaluate(
        async ({ path, token }) =>
          (await fetch(path, { headers: { Authorization: `Bearer ${token}` } })).status,
        { path, token },
      )
    assert.equal(await opens('/api/v2/employees'), 200)
    assert.equal(await opens('/api/v2/alerts'), 403)
    await page.reload()
    await page.getByRole('row', { name: /1C/ }).waitFor()
    assert.equal(await page.getByText(token).count(), 0)
    await page.getByRole('button', { name: 'Revoke: 1C' }).click()
    await page.getByText('Make a token so that another program can act for you.').waitFor()
    assert.equal(await opens('/api/v2/employees'), 401)
  },

  ...(URL_OF_PROVIDER && {
    async 'who signs in at the provider comes back to the same page, second step and all'(page) {
      await page.goto('/')
      page.refused = /401|favicon/
      const { id } = await newUser(page, 'aziza')
      await page.goto('/people?q=a')
      await settled(page)
      await picture(page, 'sign-in-provider')
      await accessible(page, 'signing in with a provider')
      await atProvider(page)
      await page.getByRole('alert').getByText('No user is connected to this account.').waitFor()
      assert.match(page.url(), /\/people\?q=a$/)
      await picture(page, 'sign-in-unknown')

      await asAdmin(page, 'PUT', `/api/v2/users/${id}/identity`, { subject: 'id1' })
      await atProvider(page)
      await heading(page, 'People')
      assert.match(page.url(), /\/people\?q=a$/)
      await page.goto('/sign-in?code=x&state=y')
      await heading(page, 'Today')

      await page.goto('/security')
      await button(page, 'Switch on').click()
      await password(page).fill(PASSWORD)
      await button(page, 'Go on').click()
      const secret = await page.getByTestId('secret').innerText()
      await code(page).fill(codeOf(secret, -1))
      await button(page, 'Switch on').click()
      await button(page, 'I have kept them').click()
      await settled(page)
      await page.getByTitle('Account').click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await atProvider(page)
      await page.getByText('You were recognized. Now enter the code.').waitFor()
      await picture(page, 'sign-in-provider-code')
      await code(page).fill('000000')
      await page.locator('button[type=submit]').click()
      await page.getByText('The code is wrong or was used already.').waitFor()
      await code(page).fill(codeOf(secret, 0))
      await page.locator('button[type=submit]').click()
      await heading(page, 'Security')
    },
  }),
}

/** atProvider presses the button, and signs in where it leads. */
async function atProvider(page) {
  await page.getByRole('button', { name: 'Sign in with SSO' }).click()
  await page.waitForURL(`${URL_OF_PROVIDER}**`)
  await page.locator('#username').fill('aziza')
  await page.locator('#password').fill(PASSWORD)
  await page.locator('button').click()
  await page.waitForURL(`${process.env.E2E_URL}/**`)
}
