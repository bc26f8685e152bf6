// What an administrator sets up: organizations and users, with the server's refusals at the fields they are about.
import assert from 'node:assert/strict'
import { employee, users } from './seeded.mjs'
import { accessible, enter, fits, heading, PASSWORD, picture, settled, signIn } from './browser.mjs'

const dialog = (page) => page.getByRole('dialog')
const save = (page) => dialog(page).getByRole('button', { name: 'Save' }).click()
const closed = (page) => dialog(page).waitFor({ state: 'detached' })
/** errorAt returns what is said at a field. */
const errorAt = async (page, label) => {
  const field = dialog(page).getByRole('textbox', { name: label })
  await page.waitForFunction(
    (input) => input.getAttribute('aria-invalid') === 'true',
    await field.elementHandle(),
  )
  const id = (await field.getAttribute('aria-describedby')).split(' ').find((one) => one.endsWith('error'))
  return page.locator(`[id="${id}"]`).innerText()
}

export const tests = {
  async 'an organization is made, corrected where the server says, changed, and closed'(page) {
    await enter(page, '/organizations')
    page.refused = /400/
    await page.getByRole('button', { name: 'New organization' }).click()
    await dialog(page).getByRole('textbox', { name: 'Short name' }).fill('Yangi filial')
    await dialog(page).getByRole('textbox', { name: 'Email' }).fill('nobody')
    await save(page)
    assert.ok((await errorAt(page, 'Full name')).length > 5)
    assert.ok((await errorAt(page, 'Email')).length > 5)
    await settled(page)
    await accessible(page, 'a refused form')
    await picture(page, 'organization-refused')
    await dialog(page).getByRole('textbox', { name: 'Full name' }).fill('Yangi filial MChJ')
    await dialog(page).getByRole('textbox', { name: 'Email' }).fill('filial@bank.uz')
    await save(page)
    await closed(page)
    await page.getByRole('searchbox').fill('yangi filial')
    const row = page.getByRole('row', { name: /Yangi filial/ })
    await row.getByText(/Active/).waitFor()
    await row.getByRole('button', { name: 'Yangi filial' }).click()
    await dialog(page).getByRole('switch', { name: 'Active' }).click()
    await dialog(page).getByRole('combobox', { name: 'Time zone' }).fill('Samarkand')
    await page.getByRole('option', { name: 'Asia/Samarkand' }).click()
    await save(page)
    await closed(page)
    await row.getByText('Inactive').waitFor()
    await row.getByText('Asia/Samarkand').waitFor()
    assert.match(page.url(), /q=yangi/)
  },

  async 'a user is made, leads a department, gets a new password, and is turned off and on'(page) {
    await enter(page, '/users')
    page.refused = /40[013]/
    await page.getByRole('button', { name: 'New user' }).click()
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('Yusupov Botir')
    await dialog(page).getByRole('textbox', { name: 'User name' }).fill('botir')
    await dialog(page).locator('input[name=password]').fill('short')
    await dialog(page).getByRole('combobox', { name: 'Role' }).click()
    await page.getByRole('option', { name: 'Department lead' }).click()
    await dialog(page).getByRole('combobox', { name: 'Organization' }).click()
    await page.getByRole('option', { name: 'Staff Control' }).click()
    await dialog(page).getByRole('combobox', { name: 'Departments led' }).click()
    await page.getByRole('option', { name: 'Buxgalteriya' }).click()
    await page.keyboard.press('Escape')
    await save(page)
    await dialog(page)
      .locator('[class*=error]', { hasText: /\w{3,}/ })
      .first()
      .waitFor()
    await settled(page)
    await accessible(page, 'a refused user')
    await picture(page, 'user-refused')
    await dialog(page).getByRole('button', { name: 'Make one' }).click()
    await save(page)
    await dialog(page).getByText('it will not be shown again').waitFor()
    const first = await dialog(page).getByTestId('secret').innerText()
    assert.ok(first.length >= 16)
    await dialog(page).getByRole('button', { name: 'Close' }).last().click()
    await closed(page)

    await page.getByRole('button', { name: 'Department lead', exact: true }).click()
    const row = page.locator('tr[data-user=botir]')
    await row.getByText('must choose a new password').waitFor()
    await row.getByText('never yet').waitFor()
    await row.getByRole('link', { name: 'Yusupov Botir' }).click()
    await heading(page, 'Yusupov Botir')
    await page.getByRole('region', { name: 'Account' }).getByText('Buxgalteriya').waitFor()
    await page.getByRole('button', { name: 'Reset the password' }).click()
    await page.getByRole('button', { name: 'Make one' }).click()
    await page.getByRole('checkbox', { name: 'To be changed by the user' }).click()
    await page.getByRole('button', { name: 'Reset the password' }).click()
    await page.getByText('The password was reset.').waitFor()
    const second = await page.getByTestId('secret').innerText()
    assert.notEqual(second, first)
    await picture(page, 'user-password')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByTestId('secret').waitFor({ state: 'detached' })
    await asHimself(page, second)

    await page.reload()
    await page.getByRole('region', { name: 'Signed in now' }).getByText('Chrome').waitFor()
    const history = page.getByRole('region', { name: 'History' })
    await history.locator('[data-action="user.signed_in"]').getByText('Yusupov Botir').waitFor()
    await history.getByText('Departments', { exact: false }).first().waitFor()
    await settled(page)
    await accessible(page, 'a user')
    await picture(page, 'user')
    await page.getByRole('button', { name: 'Turn off' }).click()
    await dialog(page).getByText('open sign-ins (1) end at once').waitFor()
    await settled(page)
    await accessible(page, 'what comes of turning a user off')
    await picture(page, 'user-off')
    await dialog(page).getByRole('button', { name: 'Turn off' }).click()
    await closed(page)
    await page.getByText('Not signed in anywhere now.').waitFor()
    await history.getByText('can sign in: yes → no').waitFor()
    await page.getByRole('button', { name: 'Let sign in again' }).click()
    await page.getByRole('button', { name: 'Turn off' }).waitFor()
    await page.setViewportSize({ width: 360, height: 740 })
    await fits(page, 'a user')
    await picture(page, 'narrow-user')
  },

  async 'a key is made for a network, shown once, and revoked; sign-ins are listed'(page) {
    const refused = await fetch(`${process.env.E2E_URL}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: users[0].username, password: 'certainly wrong' }),
    })
    assert.equal(refused.status, 401)
    await enter(page, '/access')
    page.refused = /400/
    await page.getByRole('button', { name: 'New key' }).click()
    await dialog(page).getByRole('combobox', { name: 'Type' }).click()
    await page.getByRole('option', { name: 'Door terminal' }).click()
    await dialog(page).getByRole('textbox', { name: 'What for' }).fill('Bosh kirish terminallari')
    await dialog(page).getByRole('combobox', { name: 'From where' }).fill('10.0.0')
    await dialog(page).getByRole('button', { name: 'Make' }).click()
    await dialog(page)
      .getByText(/^10\.0\.0: /)
      .waitFor()
    await settled(page)
    await accessible(page, 'a refused key')
    await dialog(page).getByRole('combobox', { name: 'From where' }).press('Backspace')
    await dialog(page).getByRole('combobox', { name: 'From where' }).fill('10.0.0.0/24')
    await dialog(page).getByRole('button', { name: 'Make' }).click()
    const key = await dialog(page).getByTestId('secret').innerText()
    assert.ok(key.length >= 32)
    await dialog(page).getByRole('button', { name: 'Close' }).last().click()
    await closed(page)
    const row = page.locator('tr[data-key]', { hasText: 'Bosh kirish' })
    await row.getByText('10.0.0.0/24').waitFor()
    await row.getByText('In force').waitFor()
    await settled(page)
    await accessible(page, 'the keys')
    await picture(page, 'access')
    await row.getByRole('button', { name: 'Revoke: Bosh kirish terminallari' }).click()
    await dialog(page).getByRole('button', { name: 'Revoke' }).click()
    await closed(page)
    await row.getByText('Revoked').waitFor()
    await page.getByText('Sign-ins', { exact: true }).click()
    await page.locator('[data-action="user.signed_in"]').first().waitFor()
    await page.getByText('Refused', { exact: true }).click()
    await page.waitForURL(/failed=true/)
    await page.locator('[data-action="user.sign_in_failed"]').first().getByText('wrong password').waitFor()
    await settled(page)
    await accessible(page, 'sign-ins')
    await page.setViewportSize({ width: 360, height: 740 })
    await fits(page, 'sign-ins')
    await picture(page, 'narrow-sign-ins')
  },

  async 'nobody takes the own rights away'(page) {
    await enter(page, '/users')
    await page.locator('tr[data-user=admin]').getByRole('link').click()
    await page.getByText('You cannot change your own role or state.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Turn off' }).count(), 0)
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    await dialog(page).getByText('You cannot change your own role or state.').waitFor()
    assert.ok(await dialog(page).getByRole('combobox', { name: 'Role' }).isDisabled())
  },
}

/** asHimself signs in as the new user, elsewhere, and sees the people led. */
async function asHimself(page, password) {
  const other = await page.context().browser().newContext({ baseURL: process.env.E2E_URL, locale: 'en-GB' })
  const his = await other.newPage()
  await his.goto('/people')
  await signIn(his, password, 'botir')
  await heading(his, 'People')
  await his.getByText(employee).first().waitFor()
  assert.notEqual(password, PASSWORD)
  await other.close()
}
