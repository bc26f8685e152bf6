// The screenshots of a day: blurred for all, opened with a reason by who may.
import assert from 'node:assert/strict'
import { computer, employee, shots, users } from './seeded.mjs'
import { accessible, choose, enter, fits, picture, settled } from './browser.mjs'

const DATE = process.env.E2E_DATE
const lead = users.find(({ role }) => role === 'DEPARTMENT_LEAD').username
const gallery = (page) => page.getByRole('region', { name: 'Screenshots' })

/** blurred waits for the small pictures and returns how large they are. */
async function blurred(page) {
  await gallery(page).scrollIntoViewIfNeeded()
  await gallery(page)
    .locator('img')
    .nth(shots.length - 1)
    .waitFor()
  await settled(page)
  return gallery(page)
    .locator('img')
    .evaluateAll((all) => all.map(({ naturalWidth }) => naturalWidth))
}

export const tests = {
  async 'a day’s screenshots are blurred; one opens with a reason, which is recorded'(page) {
    await enter(page, `/day?date=${DATE}`)
    await choose(page, employee)
    const widths = await blurred(page)
    assert.ok(
      widths.every((width) => width > 0 && width <= 480),
      `${widths} px wide`,
    )
    const [at, , title] = shots.at(-1)
    const tiles = gallery(page).getByRole('button')
    assert.deepEqual(
      (await tiles.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()),
      shots.toReversed().map(([clock, , what]) => `${clock} ${what}`),
    )
    await accessible(page, 'the screenshots of a day')
    await picture(page, 'screenshots')
    await tiles.first().click()
    const dialog = page.getByRole('dialog', { name: new RegExp(`${employee}.*${at}.*${title}`) })
    const open = dialog.getByRole('button', { name: 'Open the screenshot' })
    page.refused = /400.*\/open/
    await dialog.getByRole('textbox', { name: 'Why do you open it?' }).fill('why')
    await open.click()
    await dialog.getByText('At least 5 characters').waitFor()
    await settled(page)
    await accessible(page, 'the question for a reason')
    await picture(page, 'screenshot-reason')
    await dialog.getByRole('textbox', { name: 'Why do you open it?' }).fill('A complaint of the bank, no. 7')
    await open.click()
    await dialog.locator('img').waitFor()
    const width = await dialog.locator('img').evaluate(({ naturalWidth }) => naturalWidth)
    assert.equal(width, 640)
    await settled(page)
    await accessible(page, 'an open screenshot')
    await picture(page, 'screenshot-open')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await tiles.first().click()
    await open.waitFor() // the reason is asked for each time
  },

  async 'a computer’s day has its screenshots, and a day without any says so'(page) {
    await enter(page, `/day?computer=${computer.uid}&date=${DATE}`)
    assert.equal((await blurred(page)).length, shots.length)
    await page.getByRole('button', { name: 'Previous day' }).click()
    await gallery(page).getByText('The agent sent none on this day.').waitFor()
  },

  async 'a lead sees screenshots blurred only'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(`/day?computer=${computer.uid}&date=${DATE}`)
    await page.locator('input[name=username]').fill(lead)
    await page.locator('input[name=password]').fill(process.env.E2E_PASSWORD)
    await page.locator('button[type=submit]').click()
    assert.equal((await blurred(page)).length, shots.length)
    assert.equal(await gallery(page).getByRole('button').count(), 0)
    await gallery(page).getByText('HR can open a full one.').waitFor()
    await fits(page, 'the screenshots of a day')
    await accessible(page, 'the narrow screenshots of a day')
    await picture(page, 'narrow-screenshots')
  },
}
