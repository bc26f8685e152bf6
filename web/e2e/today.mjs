// Today: who was late, who is missing, and why, without reading anything else.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { branch, colleague, employee, latecomer, silent, users } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const DATE = process.env.E2E_DATE
const nameOf = (role) => users.find((user) => user.role === role).username
const answer = (page, name) => page.getByRole('region', { name, exact: true })
const rows = (page) => page.locator('tr[data-person]')

async function thatDay(page) {
  await enter(page, `/today?date=${DATE}`)
  await rows(page).first().waitFor()
}

export const tests = {
  async 'today says why somebody is missing, and leads to the computer that cannot tell'(page) {
    await enter(page, '/')
    await heading(page, 'Today')
    const missing = answer(page, 'Who is missing').getByRole('listitem').filter({ hasText: silent.name })
    const why = missing.getByRole('link', { name: `${silent.detail}` })
    assert.match(await why.innerText(), new RegExp(`^${silent.uid}: its agent failed at .*\\d\\d:\\d\\d`))
    const trouble = answer(page, 'Needs attention').getByRole('link', { name: silent.uid })
    assert.match(await trouble.innerText(), new RegExp(`failed at[^]*${silent.name}`))
    await answer(page, 'Needs attention').getByRole('link', { name: branch.name }).first().waitFor()
    await settled(page)
    await accessible(page, 'today')
    await picture(page, 'today')
    await why.click()
    await heading(page, silent.uid)
    const history = page.getByRole('region', { name: 'History' })
    await history.getByRole('row', { name: new RegExp(`its agent failed: ${silent.detail}`) }).waitFor()
  },

  async 'the day before says who was late and by how much, and who did not come'(page) {
    await thatDay(page)
    await heading(page, 'The day')
    const late = answer(page, 'Who was late').getByRole('listitem')
    assert.deepEqual(await late.count(), 1)
    const said = (await late.innerText()).replace(/\s+/g, ' ')
    assert.equal(said, `${latecomer.name} 37 min late Savdo · came at ${latecomer.came}`)
    const missing = answer(page, 'Who is missing')
    for (const name of [silent.name, colleague]) await missing.getByText(name).waitFor()
    const cells = await rows(page).filter({ hasText: employee }).locator('td').allInnerTexts()
    assert.match(cells[0], /Buxgalteriya/)
    assert.deepEqual(cells.slice(2, 5), ['09:00', '18:00', '09:00–18:00'])
    await page.getByText(/Asia\/Tashkent, UTC\+5/).waitFor()
  },

  async 'counts are filters, and all of it is in the address'(page) {
    await thatDay(page)
    const chip = (name) => page.locator(`button[data-filter=${name}]`)
    assert.match(await chip('late').innerText(), /^1\s+Late$/)
    assert.match(await chip('absent').innerText(), /^2\s+Missing$/)
    await chip('absent').click()
    await page.waitForURL(/state=absent/)
    assert.equal(await rows(page).count(), 2)
    await page.reload()
    assert.equal(await chip('absent').getAttribute('aria-pressed'), 'true')
    assert.equal(await rows(page).count(), 2)
    await chip('absent').click()
    await page.keyboard.press('/')
    await page.keyboard.type('каримов')
    await page.waitForFunction(() => document.querySelectorAll('tr[data-person]').length === 1)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    assert.equal(lines.length, 2)
    assert.match(lines[1], new RegExp(`^${latecomer.name},Savdo,Came,${latecomer.came},37,`))
    await page.getByLabel('Name, department or computer').fill('nobody at all')
    await page.getByRole('button', { name: 'Show everybody' }).click()
    await page.getByRole('combobox', { name: 'Department' }).click()
    await page.getByRole('option', { name: 'Savdo', exact: true }).click()
    await page.waitForURL(/departmentId=\d+/)
    await page.waitForFunction(() => document.querySelectorAll('tr[data-person]').length === 1)
    await page.getByRole('button', { name: 'Today', exact: true }).click()
    await heading(page, 'Today')
  },

  async 'a department’s lead sees the own people on today'(page) {
    await enter(page, '/', nameOf('DEPARTMENT_LEAD'))
    await rows(page).first().waitFor()
    assert.deepEqual(await rows(page).locator('td:first-child').allInnerTexts(), [
      `${employee}\nBuxgalteriya`,
    ])
    await settled(page)
    await picture(page, 'today-lead')
  },

  async 'a guard sees on today who is here, and no more'(page) {
    await enter(page, '/today', nameOf('GUARD'))
    await heading(page, 'Today')
    await rows(page).filter({ hasText: silent.name }).getByText('Missing').waitFor()
    const text = await page.locator('main').innerText()
    assert.ok(!text.includes(silent.uid) && !text.includes('due at'), text)
    assert.equal(await page.locator('main a[href*="/day"], main a[href*="/computers"]').count(), 0)
    await settled(page)
    await accessible(page, 'a guard’s today')
    await picture(page, 'today-guard')
    await page.setViewportSize({ width: 360, height: 740 })
    await fits(page, 'a guard’s today')
    await picture(page, 'narrow-today-guard')
  },
}
