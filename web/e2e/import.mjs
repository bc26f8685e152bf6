// People from a spreadsheet: a file with errors writes nothing, the mended one is written once.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { employee, users } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const HR = users.find(({ role }) => role === 'HR').username
const LEAD = users.find(({ role }) => role === 'DEPARTMENT_LEAD').username
const HEAD = 'ФИО;Отдел;ПИНФЛ;Телефон;Эл. почта;Оклад\r\n'
const GOOD = 'Саидова Лола;savdo;30101901234567;=1+1;;1\r\n'

/** In Windows-1251, as Excel writes CSV here: the letters of this file stand in one row of it. */
const cp1251 = (text) =>
  Buffer.from(
    [...text].map((letter) => {
      const code = letter.codePointAt(0)
      return code < 0x80 ? code : code - 0x410 + 0xc0
    }),
  )

const choose = async (page, name, buffer) => {
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer })
  await settled(page)
}

const tile = (page, name) => page.locator('dl > div').filter({ hasText: name }).locator('dd').innerText()

export const tests = {
  async 'people are imported from a file: its errors are named, and it is written once'(page) {
    await enter(page, '/people', HR)
    await page.getByRole('link', { name: 'Import from a file' }).click()
    await heading(page, 'Import people')
    await settled(page)
    await accessible(page, 'the import')
    const [template] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Template: CSV' }).click(),
    ])
    assert.match(await readFile(await template.path(), 'utf8'), /^\ufeffName \*;Department \*;Position;/)

    const bad = `${HEAD}${GOOD};Нет такого;123;;@почта;\r\n${employee};Buxgalteriya;;;;\r\n`
    await choose(page, 'bad.csv', Buffer.from('\ufeff' + bad))
    assert.equal(await tile(page, 'With errors'), '1')
    await page.getByText('These columns are not read: Оклад').waitFor()
    const first = page.locator('tr[data-row]').first()
    assert.match(
      await first.innerText(),
      /3[^]*error[^]*Отдел: There is no such department[^]*ПИНФЛ: Must be 14 digits/,
    )
    assert.equal(await page.getByRole('button', { name: /^Write/ }).count(), 0)
    await accessible(page, 'a file with errors')
    await picture(page, 'import-errors')
    await page.getByText('Only errors').click()
    await page.waitForFunction(() => document.querySelectorAll('tr[data-row]').length === 1)
    const [list] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /CSV: With errors/ }).click(),
    ])
    assert.match(await readFile(await list.path(), 'utf8'), /3,Эл\. почта,'@почта,/)

    await choose(page, 'people.csv', cp1251(HEAD + GOOD))
    assert.equal(await tile(page, 'New'), '1')
    await page.getByText('ПИНФЛ: 30101901234567 · Телефон: =1+1').waitFor()
    await accessible(page, 'a file without errors')
    await picture(page, 'import-preview')
    await page.getByRole('button', { name: 'Write 1 row' }).click()
    await page.getByText('New: 1, changed: 0, unchanged: 0.').waitFor()
    await settled(page)
    await picture(page, 'import-done')
    await choose(page, 'people.csv', cp1251(HEAD + GOOD))
    await page.getByText('There is nothing to write').waitFor()
    await page.getByText('Update from the file').click()
    await settled(page)
    assert.equal(await tile(page, 'Unchanged'), '1')
    await choose(page, 'people.csv', cp1251((HEAD + GOOD).replace('=1+1', '+998')))
    await page.getByText('Телефон: =1+1 → +998').waitFor()

    await page.getByRole('link', { name: 'List of people' }).click()
    await page.getByRole('link', { name: 'Саидова Лола' }).waitFor()
  },

  async 'an import whose ground has moved shows its new result first'(page) {
    await enter(page, '/people/import', HR)
    const file = cp1251(HEAD + 'Тураев Олим;savdo;30101901234568;;;\r\n')
    await choose(page, 'people.csv', file)
    await page.getByRole('button', { name: 'Write 1 row' }).waitFor()
    const other = await page.context().newPage()
    await other.goto('/people/import')
    await other.getByRole('heading', { level: 1, name: 'Import people' }).waitFor()
    await other
      .locator('input[type=file]')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: file })
    await other.getByRole('button', { name: 'Write 1 row' }).click()
    await other.getByText('New: 1').waitFor()
    await other.close()
    page.refused = /409/
    await page.getByRole('button', { name: 'Write 1 row' }).click()
    await page.getByText('The data has changed since').waitFor()
    await page.getByText('There is nothing to write').waitFor()
  },

  async 'a file that is no table is not imported, which is said in words; by the keyboard and at 360 px'(
    page,
  ) {
    await enter(page, '/people/import', HR)
    await page.setViewportSize({ width: 360, height: 740 })
    page.refused = /422/
    await choose(page, 'old.xls.csv', Buffer.from('d0cf11e0a1b11ae1', 'hex'))
    await page.getByText('This is an old Excel file (XLS), or one with a password').waitFor()
    await choose(page, 'phones.csv', Buffer.from('Phone\n1\n'))
    await page.getByText('The file lacks columns: Name, Department').waitFor()
    await choose(page, 'bad.csv', Buffer.from(`${HEAD}${GOOD};Yo‘q;1;;x;\r\n`))
    await settled(page)
    await fits(page, 'an import')
    await accessible(page, 'the narrow import')
    await picture(page, 'narrow-import')
    await page.getByRole('heading', { level: 1 }).focus()
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      (async () => {
        const button = page.getByRole('button', { name: 'Another file' })
        for (let n = 0; n < 20 && !(await button.evaluate((b) => b === document.activeElement)); n++)
          await page.keyboard.press('Tab')
        await page.keyboard.press('Enter')
      })(),
    ])
    assert.equal(chooser.isMultiple(), false)
  },

  async 'nobody is led to an import who may not write'(page) {
    await enter(page, '/people', LEAD)
    await page.locator('tr[data-employee]').first().waitFor()
    assert.equal(await page.getByRole('link', { name: 'Import from a file' }).count(), 0)
  },
}
