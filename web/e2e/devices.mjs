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
    await add(page, 'Shlagbaum', '10.0.0')
    await dialog(page).getByText('This is not an IP address').waitFor()
    await settled(page)
    await accessible(page, 'a refused terminal')
    await dialog(page).getByRole('textbox', { name: 'IP address' }).fill('10.77.0.1')
    await dialog(page).getByRole('combobox', { name: 'Direction' }).click()
    await page.getByRole('option', { name: 'In', exact: true }).click()
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await closed(page)
    await row(page, 'Shlagbaum').getByText('Has told nothing yet').waitFor()
    await add(page, 'Chiqish', '10.77.0.1')
    await dialog(page)
      .locator('[class*=error]', { hasText: /\w{3,}/ })
      .first()
      .waitFor()
    await dialog(page).getByRole('textbox', { name: 'IP address' }).fill('10.77.0.2')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await closed(page)
    await page.getByRole('searchbox').fill('10.77.0.2')
    await row(page, 'Shlagbaum').waitFor({ state: 'detached' })
    await row(page, 'Chiqish').getByRole('button', { name: 'Chiqish' }).click()
    await dialog(page).getByRole('switch', { name: 'In use' }).click()
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await closed(page)
    await row(page, 'Chiqish').getByText('Turned off').waitFor()
    await page.getByRole('searchbox').fill('')
    await row(page, 'Shlagbaum').waitFor()
    await settled(page)
    await accessible(page, 'the terminals')
    await picture(page, 'devices')
  },

  async 'how a terminal is reached and where it hangs is kept, its password is not shown, and it is deleted'(
    page,
  ) {
    await enter(page, '/devices')
    const open = () => row(page, 'Chiqish').getByRole('button', { name: 'Chiqish' }).click()
    const save = async () => {
      await dialog(page).getByRole('button', { name: 'Save' }).click()
      await closed(page)
    }
    await open()
    await dialog(page).getByRole('combobox', { name: 'Gate' }).click()
    await page.getByRole('option', { name: '+ New gate…' }).click()
    await dialog(page).getByRole('textbox', { name: 'Name of the new gate' }).fill('Shimoliy darvoza')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await dialog(page).getByRole('textbox', { name: 'Name of the new gate' }).waitFor({ state: 'detached' })
    await dialog(page).getByRole('textbox', { name: 'Port' }).fill('8000')
    await dialog(page).getByRole('textbox', { name: 'Login at the terminal' }).fill('hik')
    await dialog(page).getByRole('textbox', { name: 'Password at the terminal' }).fill('hik12345')
    await dialog(page).getByRole('textbox', { name: 'Note' }).fill('Qorovulxona yonida')
    await settled(page)
    await accessible(page, 'the form of a terminal')
    await picture(page, 'device-form')
    await save()
    await row(page, 'Chiqish').getByText('Shimoliy darvoza').waitFor()
    await open()
    await dialog(page).getByText('Known, not shown.').waitFor()
    assert.equal(await dialog(page).getByRole('textbox', { name: 'Port' }).inputValue(), '8000')
    assert.equal(
      await dialog(page).getByRole('textbox', { name: 'Login at the terminal' }).inputValue(),
      'hik',
    )
    assert.equal(await dialog(page).getByRole('textbox', { name: 'Note' }).inputValue(), 'Qorovulxona yonida')
    assert.ok(!(await page.content()).includes('hik12345'))
    await dialog(page).getByRole('button', { name: 'Remove' }).click()
    await dialog(page).getByText('It is removed on saving.').waitFor()
    await dialog(page).getByRole('textbox', { name: 'Port' }).fill('')
    await save()
    await open()
    await dialog(page).getByRole('textbox', { name: 'Password at the terminal' }).waitFor()
    assert.equal(await dialog(page).getByRole('textbox', { name: 'Port' }).inputValue(), '')
    await dialog(page).getByRole('button', { name: 'Delete' }).click()
    await dialog(page).getByText('its reports count no more').waitFor()
    await settled(page)
    await accessible(page, 'a terminal to be deleted')
    await dialog(page).getByRole('button', { name: 'Delete' }).click()
    await closed(page)
    await row(page, 'Chiqish').waitFor({ state: 'detached' })
  },

  async 'a guard sees how terminals are, on a phone, and changes none'(page) {
    await enter(page, '/devices', guard)
    await page.setViewportSize({ width: 360, height: 740 })
    await heading(page, 'Door terminals')
    await row(page, 'Shlagbaum').getByText('Has told nothing yet').waitFor()
    assert.equal(await page.getByRole('button', { name: 'New terminal' }).count(), 0)
    await row(page, 'Shlagbaum').click()
    assert.equal(await dialog(page).count(), 0)
    await settled(page)
    await fits(page, 'the terminals')
    await accessible(page, 'the terminals of a guard')
    await picture(page, 'narrow-devices')
  },
}
