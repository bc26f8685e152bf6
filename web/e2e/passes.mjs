// Passes: they come by themselves, a guard writes down what no terminal saw, and the list of who is inside.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { accessible, enter, face, fits, heading, picture, settled } from './browser.mjs'
import { dashboard, guard, hr, lead, person, terminal } from './entrance.mjs'
import { colleague, employee, foreign, latecomer } from './seeded.mjs'

const rows = (page) => page.locator('[data-pass]')
const count = (page, name) => page.locator(`[data-count=${name}] strong`)

export const tests = {
  async 'a pass appears by itself at a guard’s phone, is told, and a refused one is marked'(page) {
    await enter(page, '/', guard)
    await page.setViewportSize({ width: 360, height: 740 })
    await heading(page, 'Passes')
    await page.getByText('No passes').waitFor()
    const seen = page.evaluate(() => performance.timeOrigin)
    const pass = await terminal('Katta eshik', '10.9.0.1', 'ENTER')
    await pass(await person(employee))
    const first = page.locator('[data-way=ENTER]').filter({ hasText: employee })
    await first.waitFor()
    assert.match(await first.innerText(), /Buxgalteriya · Katta eshik/)
    await pass(await person(latecomer.name), false)
    await page.locator('[data-way=REFUSED]').filter({ hasText: latecomer.name }).waitFor()
    await page
      .getByRole('status')
      .filter({ hasText: `${latecomer.name}: Refused, Katta eshik` })
      .waitFor()
    await page.waitForFunction(() => document.querySelector('[data-count=inside] strong')?.innerText === '1')
    assert.equal(await page.evaluate(() => performance.timeOrigin), await seen, 'the page was loaded anew')
    assert.equal(await count(page, 'refused').innerText(), '1')
    await settled(page)
    await fits(page, 'passes')
    await accessible(page, 'passes')
    await picture(page, 'narrow-passes')
    const small = await page
      .locator('main')
      .locator('button, a, input:not([type=radio])')
      .evaluateAll((all) =>
        all
          .map((one) => [one.innerText || one.ariaLabel, one.getBoundingClientRect().height])
          .filter(([, height]) => height > 0 && height < 28),
      )
    assert.deepEqual(small, [], 'too small for a thumb')
  },

  async 'a guard writes down a pass with a reason, not of a time to come'(page) {
    await enter(page, '/', guard)
    await page.getByRole('button', { name: 'Write down a pass' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'Who passed' }).fill('rahimova')
    await page.getByRole('option', { name: colleague }).click()
    await dialog.getByText('Today at').click()
    await dialog.getByLabel('Time').fill('23:59')
    await dialog.getByText('Forgot the card').click()
    await settled(page)
    await accessible(page, 'a pass to be written down')
    await picture(page, 'pass-form')
    await dialog.getByRole('button', { name: 'Write down' }).click()
    await dialog.getByText('That time has not come yet.').waitFor()
    await dialog.getByText('Now', { exact: true }).click()
    await dialog.getByRole('button', { name: 'Write down' }).click()
    await dialog.getByText(`Written down: ${colleague}, In,`).waitFor()
    await dialog.locator('button', { hasText: 'Close' }).last().click()
    const row = rows(page).filter({ hasText: colleague })
    await row.getByText('Forgot the card').waitFor()
    assert.match(await row.innerText(), /written down/)
    const { items } = await dashboard('GET', `/passes?employee=${(await person(colleague)).id}`)
    assert.deepEqual([items.length, items[0].reason], [1, 'Forgot the card'])
  },

  async 'HR finds passes by their door, though terminals are none of its business'(page) {
    await enter(page, '/passes', hr)
    await rows(page).filter({ hasText: colleague }).waitFor()
    await page.getByRole('combobox', { name: 'Door' }).click()
    await page.getByRole('option', { name: 'Katta eshik' }).click()
    await page.waitForURL(/door=\d+/)
    await rows(page).filter({ hasText: colleague }).waitFor({ state: 'detached' })
    await rows(page).filter({ hasText: 'Katta eshik' }).first().waitFor()
  },

  async 'counts, departments and doors filter the passes, and the address keeps it'(page) {
    await enter(page, '/passes', hr)
    await rows(page).filter({ hasText: colleague }).waitFor()
    await page.getByRole('button', { name: 'Buxgalteriya', exact: true }).click()
    await page.waitForURL(/departmentId=\d+/)
    await page.waitForFunction(() => document.querySelectorAll('[data-pass]').length === 1)
    await page.getByRole('button', { name: 'Buxgalteriya', exact: true }).click()
    await page.locator('[data-count=refused]').click()
    await page.waitForURL(/way=REFUSED/)
    await page.waitForFunction(() => document.querySelectorAll('[data-pass]').length === 1)
    await page.reload()
    await rows(page).filter({ hasText: latecomer.name }).waitFor()
    assert.equal(await rows(page).count(), 1)
    await page.getByRole('button', { name: 'Yesterday' }).click()
    await page.getByText('There is no such pass. Change the filters.').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await page.getByText('Whoever goes through a door appears here at once.').waitFor()
  },

  async 'who is inside is found in both scripts, saved and printed'(page) {
    await enter(page, '/passes?tab=inside', hr)
    const inside = page.locator('[data-inside]')
    await inside.filter({ hasText: employee }).waitFor()
    await inside.filter({ hasText: colleague }).waitFor()
    assert.equal(await inside.filter({ hasText: foreign.employee }).count(), 0)
    await settled(page)
    await accessible(page, 'who is inside')
    await picture(page, 'inside')
    await page.keyboard.press('/')
    await page.keyboard.type('алиева')
    await page.waitForFunction(() => document.querySelectorAll('[data-inside]').length === 1)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    assert.match(lines[1], new RegExp(`^${employee},Buxgalteriya,`))
    await page.emulateMedia({ media: 'print' })
    await inside.getByText('Buxgalteriya').waitFor()
    assert.equal(await page.getByRole('navigation').first().isVisible(), false)
    await picture(page, 'inside-print')
  },

  async 'a person’s photo stands beside the passes, and in the list of who is inside'(page) {
    await enter(page, `/people/${(await person(colleague)).id}`)
    await page.locator('input[type=file]').setInputFiles(face)
    await page.getByRole('region', { name: 'Photo' }).locator('[data-photo]').waitFor()
    await page.goto('/passes')
    await rows(page).filter({ hasText: colleague }).first().locator('img[data-photo]').waitFor()
    await page.goto('/passes?tab=inside')
    await page.locator('[data-inside]').filter({ hasText: colleague }).locator('img[data-photo]').waitFor()
    await settled(page)
    await accessible(page, 'who is inside, with photos')
  },

  async 'a lead sees the passes of the own people, and writes none down'(page) {
    await enter(page, '/passes', lead)
    await rows(page).filter({ hasText: employee }).waitFor()
    assert.equal(await rows(page).filter({ hasText: colleague }).count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Write down a pass' }).count(), 0)
  },
}
