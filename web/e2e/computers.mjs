import assert from 'node:assert/strict'
import { computer, employee, latecomer, silent, stranger, suspect, twins } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const DATE = process.env.E2E_DATE
const row = (page, uid) => page.locator(`tr[data-computer="${uid}"]`)

export const tests = {
  async 'a computer is listed, found by its state, and shows its own day'(page) {
    await enter(page, '/computers')
    await row(page, computer.uid).waitFor()
    await page.getByRole('group', { name: 'State' }).getByText('Offline').click()
    await page.waitForURL(/state=offline/)
    await row(page, computer.uid).waitFor({ state: 'detached' })
    const cells = await row(page, silent.uid).locator('td').allInnerTexts()
    assert.match(cells[1], new RegExp(`Offline[^]*its agent failed at[^]*${silent.detail}`))
    assert.match(cells[2], new RegExp(silent.name))
    await page.goto(`/computers?q=${computer.uid}`)
    await row(page, stranger.uid).waitFor({ state: 'detached' })
    await row(page, computer.uid).getByRole('link', { name: computer.uid }).click()
    await heading(page, computer.uid)
    await page.getByText('192.168.1.100').waitFor()
    await page.getByRole('link', { name: 'Show the day' }).click()
    await page.waitForURL(/\/day\?computer=/)
    await heading(page, computer.uid)
    await page.goto(`${page.url()}&date=${DATE}`)
    await page.getByTestId('timeline').waitFor()
    await page.getByRole('region', { name: 'Top applications' }).getByText('EXCEL.EXE').waitFor()
  },

  async 'the computers of a department are those of its people'(page) {
    await enter(page, '/computers')
    await row(page, stranger.uid).waitFor()
    await page.getByRole('columnheader', { name: 'Organization' }).getByRole('button').last().click()
    await page.getByRole('dialog').getByRole('combobox').click()
    await page.getByRole('option', { name: 'Staff Control' }).click()
    await page.waitForURL(/organizationId=/)
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Department' }).click()
    await page.getByRole('option', { name: 'Buxgalteriya' }).click()
    await row(page, stranger.uid).waitFor({ state: 'detached' })
    await row(page, computer.uid).getByRole('link', { name: employee }).waitFor()
  },

  async 'a computer says why it is silent, and since when'(page) {
    await enter(page, '/computers?q=PC-17')
    await row(page, silent.uid).getByRole('link', { name: silent.uid }).click()
    await heading(page, silent.uid)
    const state = page.getByRole('region', { name: 'State' })
    await state.getByText(new RegExp(`its agent failed at .*: ${silent.detail}`)).waitFor()
    await state.getByRole('link', { name: silent.name }).waitFor()
    const history = page.getByRole('region', { name: 'History' })
    const first = await history.locator('tbody tr').first().locator('td').allInnerTexts()
    assert.match(first[1], /Offline/)
    assert.equal(first[2], `its agent failed: ${silent.detail}`)
    await settled(page)
    await accessible(page, 'a computer')
    await picture(page, 'computer')
    await page.setViewportSize({ width: 360, height: 740 })
    await fits(page, 'a computer')
    await picture(page, 'narrow-computer')
  },

  async 'two computers that are one are merged, and the merge undone'(page) {
    await enter(page, '/computers')
    const banner = page.locator('[data-duplicate=mac]')
    await banner.getByText('they have the same network card').waitFor()
    await settled(page)
    await accessible(page, 'computers that look alike')
    await picture(page, 'computers-duplicate')
    await banner.getByRole('button', { name: `Merge into ${twins.name}` }).click()
    await banner.getByText(`Merged into ${twins.name}`).waitFor()
    await page.waitForFunction(
      (uids) => uids.filter((uid) => document.querySelector(`tr[data-computer="${uid}"]`)).length === 1,
      twins.uids,
    )
    await banner.getByRole('button', { name: 'Undo' }).click()
    await banner.getByText('they have the same network card').waitFor()
    for (const uid of twins.uids) await row(page, uid).waitFor()
  },

  async 'a Windows user is linked with one click to whom the name suggests, and undone'(page) {
    await enter(page, '/computers')
    await page.getByRole('button', { name: 'Link them' }).click()
    const user = page.locator('tr[data-user]', { hasText: suspect.user })
    await user.getByRole('link', { name: suspect.uid }).waitFor()
    await user.getByRole('button', { name: latecomer.name }).click()
    await user.getByText(`Linked to ${latecomer.name}`).waitFor()
    await user.getByRole('button', { name: 'Undo' }).click()
    await user.getByRole('button', { name: latecomer.name }).waitFor()
  },

  async 'a Windows user is linked to a known person, undone, and linked to a new one'(page) {
    await enter(page, '/computers?tab=users')
    const user = page.locator('tr[data-user]', { hasText: stranger.name })
    await user.getByRole('combobox').fill('Алиева')
    await page.getByRole('option', { name: employee }).click()
    await user.getByText(`Linked to ${employee}`).waitFor()
    await user.getByRole('button', { name: 'Undo' }).click()
    await settled(page)
    await accessible(page, 'the users that wait')
    await picture(page, 'computers-users')
    await user.getByRole('button', { name: 'New person' }).click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByLabel('Full name').inputValue(), stranger.name)
    await dialog.getByLabel('Full name').fill('Karimova Kamola')
    await dialog.getByLabel('Department').fill('Savdo')
    await page.getByRole('option', { name: 'Savdo', exact: true }).click()
    await settled(page)
    await accessible(page, 'the form of a new person')
    await picture(page, 'new-person')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await user.getByText('Linked to Karimova Kamola').waitFor()
    await page.reload()
    await page.locator('tr[data-user]').first().waitFor()
    assert.equal(await user.count(), 0)
    await page.getByText('Linked', { exact: true }).click()
    await page.locator('tr[data-user]', { hasText: 'Karimova Kamola' }).waitFor()
    await settled(page)
    await picture(page, 'computers-linked')
  },
}
