// Visitors: registered, let in by a code once, let out by it, never twice; the badge and the QR code go to paper.
import assert from 'node:assert/strict'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'
import { code, dashboard, guard, hr, lead, person } from './entrance.mjs'
import { colleague, employee } from './seeded.mjs'

const field = (page) => page.getByTestId('code')
const result = (page, what) => page.locator(`[data-result=${what}]`)
const guests = (page) => page.locator('[data-visitor], [data-visit]')

/** show holds a code to a scanner, which writes it and presses Enter. */
async function show(page, text) {
  await page.waitForFunction(() => document.activeElement?.matches('[data-testid=code]'))
  await page.keyboard.insertText(text)
  await page.keyboard.press('Enter')
}

export const tests = {
  async 'HR registers a visitor and gets a code to send, which is withdrawn'(page) {
    await enter(page, '/visitors', hr)
    await page.getByRole('button', { name: 'New visitor' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Last name').fill('Юсупова')
    await dialog.getByLabel('First name').fill('Зарина')
    await dialog.getByRole('combobox', { name: 'Host' }).fill('aliyeva')
    await page.getByRole('option', { name: employee }).click()
    await dialog.getByText('Several times').click()
    await dialog.getByLabel('Until').fill('0:01')
    await settled(page)
    await accessible(page, 'the form of a visitor')
    await picture(page, 'visitor-form')
    page.refused = /400.*\/codes/
    await dialog.getByRole('button', { name: 'Give the code' }).click()
    await dialog.getByText('The end must be after the start').waitFor()
    await dialog.getByLabel('From', { exact: true }).last().fill('0:00')
    await dialog.getByLabel('Until').fill('23:59')
    await dialog.getByRole('button', { name: 'Give the code' }).click()
    await dialog.getByRole('img', { name: 'QR code of Юсупова Зарина' }).waitFor()
    await settled(page)
    await accessible(page, 'a QR code')
    await picture(page, 'visitor-qr')
    await page.keyboard.press('Escape')
    const { items } = await dashboard('GET', '/visitors?q=yusupova')
    assert.equal(items.length, 1, 'the second try registered another visitor')
    await guests(page).getByRole('link', { name: 'Юсупова Зарина' }).click()
    await heading(page, 'Юсупова Зарина')
    await page.getByRole('button', { name: 'Withdraw' }).click()
    await page.getByRole('button', { name: 'Really withdraw?' }).click()
    await page.locator('tr[data-code]').getByText('Withdrawn').waitFor()
    await settled(page)
    await accessible(page, 'a visitor')
    await picture(page, 'visitor')
    page.refused = /410.*\/check/
    const text = await page.locator('tr[data-code]').getAttribute('data-code')
    await page.goto('/visitors')
    await field(page).waitFor()
    await show(page, text)
    await result(page, 'refused').getByText('The code has been withdrawn').waitFor()
  },

  async 'a guard lets in by a code and Enter, out by the same code, and not in again'(page) {
    const host = await person(employee)
    const one = await code({ lastName: 'Mehmonov', firstName: 'Anvar', workPlace: 'Hamkor', hostId: host.id })
    await enter(page, '/visitors', guard)
    await page.setViewportSize({ width: 360, height: 740 })
    await guests(page).filter({ hasText: 'Mehmonov Anvar' }).waitFor()
    await show(page, JSON.stringify({ visitorId: one.visitorId, codeId: one.id, code: one.code }))
    await result(page, 'arriving').getByText(`To see ${employee}`).waitFor()
    await settled(page)
    await fits(page, 'the desk')
    await accessible(page, 'the desk')
    await picture(page, 'narrow-desk')
    await page.keyboard.press('Enter')
    await result(page, 'done').getByText('Mehmonov Anvar is inside.').waitFor()
    await page.getByRole('button', { name: 'Print the badge' }).click()
    await page
      .getByRole('dialog')
      .getByRole('img', { name: /QR code/ })
      .waitFor()
    await page.evaluate(
      () => (window.print = () => (document.title = `printed ${document.body.dataset.printing}`)),
    )
    await settled(page)
    await accessible(page, 'a badge')
    await picture(page, 'badge')
    await page.getByRole('dialog').getByRole('button', { name: 'Print' }).click()
    assert.equal(await page.title(), 'printed part')
    await page.emulateMedia({ media: 'print' })
    const paper = page.locator('body > .paper')
    await paper.getByText('Mehmonov Anvar').waitFor()
    await paper.getByRole('img', { name: /QR code/ }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Visitors' }).count(), 0)
    await picture(page, 'badge-print')
    await page.emulateMedia({ media: 'screen' })
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await field(page).focus()
    await show(page, one.code)
    await result(page, 'leaving').getByText('Mehmonov Anvar').waitFor()
    await page.keyboard.press('Enter')
    await result(page, 'done').getByText('Mehmonov Anvar has left.').waitFor()
    page.refused = /409.*\/check/
    await show(page, one.code)
    await result(page, 'refused').getByText('The code has been used').waitFor()
    await result(page, 'refused').getByText('Mehmonov Anvar').waitFor()
    await settled(page)
    await accessible(page, 'a refusal')
    await picture(page, 'narrow-refused')
  },

  async 'a guard registers somebody at the door, and whoever stays too long stands out'(page) {
    const host = await person(colleague)
    const visitor = await dashboard('POST', '/visitors', {
      organizationId: 1,
      lastName: 'Kechikkan',
      firstName: 'Mehmon',
      hostId: host.id,
    })
    const until = new Date(Date.now() + 1000).toISOString()
    await dashboard('POST', '/visitors/visits', { visitorId: visitor.id, until })
    await enter(page, '/visitors?view=inside', guard)
    await page.getByRole('button', { name: 'New visitor' }).first().click()
    const dialog = page.getByRole('dialog')
    assert.equal(await dialog.getByText('Papers').count(), 0)
    await dialog.getByLabel('Last name').fill('Smith')
    await dialog.getByLabel('First name').fill('John')
    await dialog.getByRole('button', { name: 'Register' }).click()
    await dialog.getByLabel('Badge number').fill('7')
    await dialog.getByRole('button', { name: 'Let in' }).click()
    await dialog.getByText('Smith John is inside.').waitFor()
    await dialog.locator('button', { hasText: 'Close' }).last().click()
    await guests(page)
      .filter({ hasText: 'Smith John' })
      .getByText(/badge 7/)
      .waitFor()
    await page.reload()
    const late = page.locator('[data-overstay]')
    await late.getByText('Kechikkan Mehmon').waitFor()
    assert.equal(await guests(page).first().getAttribute('data-overstay'), 'true')
    await settled(page)
    await picture(page, 'visitors-inside')
    await late.getByRole('button', { name: 'Check out: Kechikkan Mehmon' }).click()
    await late.getByRole('button', { name: 'Really left?: Kechikkan Mehmon' }).click()
    await late.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Visits', exact: true }).click()
    const visits = page.locator('tr[data-row]')
    await visits.filter({ hasText: 'Kechikkan Mehmon' }).waitFor()
  },

  async 'a lead sees who visits the own people, and lets nobody in'(page) {
    await enter(page, '/visitors?view=all', lead)
    await page.locator('tr[data-row]', { hasText: 'Mehmonov Anvar' }).waitFor()
    assert.equal(await page.locator('tr[data-row]', { hasText: 'Smith John' }).count(), 0)
    assert.equal(await field(page).count(), 0)
    assert.equal(await page.getByRole('button', { name: 'New visitor' }).count(), 0)
    await page.locator('tr[data-row] a', { hasText: 'Mehmonov Anvar' }).click()
    await heading(page, 'Mehmonov Anvar')
    assert.equal(await page.getByRole('region', { name: 'Codes' }).count(), 0)
  },
}
