import assert from 'node:assert/strict'
import { computer, employee, stranger } from './seeded.mjs'
import { accessible, enter, heading, picture, settled } from './browser.mjs'

const DATE = process.env.E2E_DATE

export const tests = {
  async 'a computer is listed, found, and shows its own day'(page) {
    await enter(page, '/computers')
    const list = page.getByRole('region', { name: 'All computers' })
    const cells = await list
      .getByRole('row', { name: new RegExp(computer.uid) })
      .locator('td')
      .allInnerTexts()
    assert.deepEqual(cells.slice(1, 3), ['Windows 11 Pro', '192.168.1.100'])
    await list.getByRole('textbox').fill(stranger.uid)
    await list.getByRole('link', { name: computer.uid }).waitFor({ state: 'detached' })
    await list.getByRole('textbox').fill(computer.uid)
    await list.getByRole('link', { name: computer.uid }).click()
    await page.waitForURL(/\/day\?computer=/)
    await heading(page, computer.uid)
    await page.goto(`${page.url()}&date=${DATE}`)
    await page.getByTestId('timeline').waitFor()
    await page.getByRole('region', { name: 'Top applications' }).getByText('EXCEL.EXE').waitFor()
  },

  async 'a Windows user is linked to a known person, undone, and linked to a new one'(page) {
    await enter(page, '/computers')
    const row = page.locator('tr[data-user]', { hasText: stranger.name })
    await row.getByRole('combobox').fill('Aliyeva')
    await page.getByRole('option', { name: employee }).click()
    await row.getByText(`Linked to ${employee}`).waitFor()
    await row.getByRole('button', { name: 'Undo' }).click()
    await row.getByRole('button', { name: 'New person' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByLabel('Full name').inputValue(), stranger.name)
    await dialog.getByLabel('Full name').fill('Karimova Kamola')
    await dialog.getByLabel('Department').fill('Savdo')
    await settled(page)
    await accessible(page, 'the form of a new person')
    await picture(page, 'new-person')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await row.getByText('Linked to Karimova Kamola').waitFor()
    await page.reload()
    await page.getByText('No user waits to be linked').waitFor()
    await page.getByText('Linked', { exact: true }).click()
    await page.locator('tr[data-user]', { hasText: 'Karimova Kamola' }).waitFor()
    await settled(page)
    await picture(page, 'computers-linked')
  },
}
