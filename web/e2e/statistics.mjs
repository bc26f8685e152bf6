// Statistics: sums against what was reported, and the way from each number to what it is made of.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { employee, foreign, read, users } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled, texts } from './browser.mjs'

const DATE = process.env.E2E_DATE
const PATH = `/statistics?from=${DATE}&to=${DATE}`
const nameOf = (role) => users.find((user) => user.role === role).username
const part = (page, name) => page.getByRole('region', { name, exact: true })
const rows = (page, name) => part(page, name).locator('tbody tr')
const query = (page) => Object.fromEntries(new URL(page.url()).searchParams)

async function her(page) {
  await page.getByRole('combobox', { name: 'Person' }).fill(employee)
  await page.getByRole('option', { name: employee }).first().click()
  await page.waitForURL(/employee=\d+/)
  await settled(page)
}

/** saved is the file that a button gives. */
async function saved(page, name) {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download CSV: ${name}` }).click(),
  ])
  return (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
}

export const tests = {
  async 'statistics sum what was reported, and a name narrows what stands below'(page) {
    await enter(page, PATH)
    await her(page)
    const first = (cells) => cells.slice(0, 3)
    assert.deepEqual((await texts(rows(page, 'Top applications'))).map(first), read.used.applications)
    assert.deepEqual((await texts(rows(page, 'Top sites'))).map(first), read.used.sites)
    assert.match(await page.locator('dl').innerText(), /In applications\s+8\sh\s10\smin/)
    await page.getByRole('button', { name: 'EXCEL.EXE' }).click()
    await page.getByRole('button', { name: 'Only EXCEL.EXE' }).waitFor()
    await page.waitForURL(/name=EXCEL.EXE/)
    await part(page, 'By hour').getByText('Table', { exact: true }).click()
    await settled(page)
    const hours = (await texts(rows(page, 'By hour'))).filter(([, time]) => time !== '—')
    assert.deepEqual(
      hours.map(([at, time]) => [at.slice(-5), time]),
      [
        ['09:00', '1 h 30 min'],
        ['13:00', '1 h 40 min'],
      ],
    )
    const heat = part(page, 'Hour and weekday').first()
    assert.equal(await heat.locator('tbody tr').count(), 1)
    const warm = await heat.locator('tbody td:not([data-empty])').allInnerTexts()
    assert.deepEqual(warm, ['90', '100'])
    await settled(page)
    await accessible(page, 'the statistics of a person')
    await picture(page, 'statistics-person')
    const url = page.url()
    await page.reload()
    await page.getByRole('button', { name: 'Only EXCEL.EXE' }).waitFor()
    assert.equal(page.url(), url)
    await page.getByRole('button', { name: 'Only EXCEL.EXE' }).click()
    await page.waitForURL((next) => !next.searchParams.has('name'))
  },

  async 'statistics search both scripts, and every table is a file'(page) {
    await enter(page, PATH)
    await her(page)
    await page.getByRole('heading', { level: 1 }).click()
    await page.keyboard.press('/')
    await page.keyboard.type('лех') // lex.uz, on a Cyrillic keyboard
    await part(page, 'Top applications').getByText('Nothing found.').waitFor()
    assert.equal(await rows(page, 'Top sites').count(), 1)
    await page.getByRole('textbox', { name: 'Application or site' }).fill('')
    const names = await saved(page, 'Top applications')
    assert.ok(
      names.some((line) => line.startsWith('EXCEL.EXE,11400,')),
      names.join('\n'),
    )
    assert.equal((await saved(page, 'Hour and weekday')).length, 1 + 7 * 24)
    assert.equal((await saved(page, 'By hour')).length, 1 + 24)
    assert.equal((await saved(page, 'Comparison')).length, 1 + 6)
  },

  async 'people, departments and periods are compared, and each leads to itself'(page) {
    await enter(page, PATH)
    const compared = part(page, 'Comparison')
    await compared.getByRole('button', { name: employee }).waitFor()
    assert.ok(!(await compared.innerText()).includes(foreign.employee))
    await compared.getByText('Departments', { exact: true }).click()
    await compared.getByRole('button', { name: 'Buxgalteriya' }).click()
    await page.waitForURL(/departmentId=\d+/)
    assert.equal(query(page).of, 'employees')
    await compared.getByRole('button', { name: employee }).waitFor()
    await settled(page)
    assert.equal(await compared.locator('tbody tr').count(), 1)
    await compared.getByRole('button', { name: employee }).click()
    await page.waitForURL(/employee=\d+/)
    await settled(page)
    assert.equal(await compared.locator('tbody tr').count(), 6)
    await page.getByRole('button', { name: 'Last week' }).click()
    await page.waitForURL(/range=lastWeek/)
    assert.equal(query(page).from, undefined)
    await page.goBack()
    await page.locator(`[data-testid=range][data-from="${DATE}"]`).waitFor()
  },

  async 'a range is chosen in the calendar, and a bar leads to its day'(page) {
    await enter(page, '/statistics')
    await page.getByTestId('bars').waitFor()
    await page.getByRole('button', { name: /^Period/ }).click()
    await page.locator('[class*=weekdaysRow]').waitFor()
    await settled(page)
    await accessible(page, 'the calendar of a range')
    await picture(page, 'statistics-calendar')
    await page.keyboard.press('Escape')
    await part(page, 'By day').getByText('Table', { exact: true }).click()
    await settled(page)
    assert.equal(await rows(page, 'By day').count(), 30)
    await picture(page, 'statistics')
    await rows(page, 'By day').nth(28).getByRole('button').click()
    await page.waitForURL(/from=\d/)
    assert.deepEqual([query(page).from, query(page).to], [DATE, DATE])
    await part(page, 'By hour').waitFor()
  },

  async 'a lead’s statistics are of the own department, and fit a phone'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(PATH)
    await page.locator('input[name=username]').fill(nameOf('DEPARTMENT_LEAD'))
    await page.locator('input[name=password]').fill(process.env.E2E_PASSWORD)
    await page.locator('button[type=submit]').click()
    await heading(page, 'Statistics')
    const compared = part(page, 'Comparison')
    await compared.getByRole('button', { name: employee }).waitFor()
    await settled(page)
    assert.equal(await compared.locator('tbody tr').count(), 1)
    await fits(page, 'statistics')
    await accessible(page, 'the narrow statistics')
    await picture(page, 'narrow-statistics')
  },
}
