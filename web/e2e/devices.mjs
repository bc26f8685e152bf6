// Door terminals: their records by who may keep them, and how they are for a guard.
import assert from 'node:assert/strict'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'
import { users } from './seeded.mjs'

const dialog = (page) => page.getByRole('dialog')
const closed = (page) => dialog(page).waitFor({ state: 'detached' })
const row = (page, name) => page.locator(`tr[data-device="${name}"]`)
const guard = users.find(({ role }) => role === 'GUARD').username

async function add(page, name, address) {
  await page.getByRole('button', { name: 'New terminal' }).first().click()
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill(name)
  await dialog(page).getByRole('textbox', { name: 'IP address' }).fill(address)
  await dialog(page).getByRole('button', { name: 'Add' }).click()
}

export const tests = {
  async 'a terminal is added, corrected where the server says, found, changed, and turned off'(page) {
    await enter(page, '/gateways')
    page.refused = /400/
    await page.getByText('Door terminals', { exact: true }).click()
    await heading(page, 'Door terminals')
    await add(page, 'Bosh kirish', '10.0.0')
    await dialog(page).getByText('This is not an IP address').waitFor()
    await settled(page)
    await accessible(page, 'a refused terminal')
    await dialog(page).getByRole('textbox', { name: 'IP address' }).fill('10.77.0.1')
    await dialog(page).getByRole('combobox', { name: 'Direction' }).click()
    await page.getByRole('option', { name: 'In', exact: true }).click()
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await closed(page)
    await row(page, 'Bosh kirish').getByText('Has told nothing yet').waitFor()
    await add(page, 'Chiqish', '10.77.0.1')
    await dialog(page)
      .locator('[class*=error]', { hasText: /\w{3,}/ })
      .first()
      .waitFor()
    await dialog(page).getByRole('textbox', { name: 'IP address' }).fill('10.77.0.2')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await closed(page)
    await page.getByRole('searchbox').fill('10.77.0.2')
    await row(page, 'Bosh kirish').waitFor({ state: 'detached' })
    await row(page, 'Chiqish').getByRole('button', { name: 'Chiqish' }).click()
    await dialog(page).getByRole('switch', { name: 'In use' }).click()
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await closed(page)
    await row(page, 'Chiqish').getByText('Turned off').waitFor()
    await page.getByRole('searchbox').fill('')
    await row(page, 'Bosh kirish').waitFor()
    await settled(page)
    await accessible(page, 'the terminals')
    await picture(page, 'devices')
  },

  async 'a guard sees how terminals are, on a phone, and changes none'(page) {
    await enter(page, '/devices', guard)
    await page.setViewportSize({ width: 360, height: 740 })
    await heading(page, 'Door terminals')
    await row(page, 'Bosh kirish').getByText('Has told nothing yet').waitFor()
    assert.equal(await page.getByRole('button', { name: 'New terminal' }).count(), 0)
    await row(page, 'Bosh kirish').click()
    assert.equal(await dialog(page).count(), 0)
    await settled(page)
    await fits(page, 'the terminals')
    await accessible(page, 'the terminals of a guard')
    await picture(page, 'narrow-devices')
  },
}
