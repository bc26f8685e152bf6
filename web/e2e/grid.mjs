// The lists: sorted, filtered, paged and exported by the server, walked by the keyboard, kept in the address.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { inflateRawSync } from 'node:zlib'
import { branches } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const PATH = '/organizations'
const rows = (page) => page.locator('tr[data-row]')
const names = (page) => page.locator('tr[data-row] td:first-child').allInnerTexts()
const range = (page, text) => page.locator('[data-range]', { hasText: text }).waitFor()
const query = (page) => Object.fromEntries(new URL(page.url()).searchParams)
const head = (page, name) => page.locator('th', { has: page.getByRole('button', { name, exact: true }) })
const TOTAL = branches.length + 2

/** download chooses a format from the menu and returns the file. */
async function download(page, item) {
  await page.locator('[data-export]').click()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: item }).click(),
  ])
  return { name: file.suggestedFilename(), body: await readFile(await file.path()) }
}

/** unzip returns the text of each file of an archive, as any office program would find it: by the directory at its end. */
function unzip(body) {
  const files = {}
  let at = body.readUInt32LE(body.lastIndexOf('PK\x05\x06') + 16)
  while (body.readUInt32LE(at) === 0x02014b50) {
    const [packed, nameLength] = [body.readUInt32LE(at + 20), body.readUInt16LE(at + 28)]
    const local = body.readUInt32LE(at + 42)
    const begin = local + 30 + body.readUInt16LE(local + 26) + body.readUInt16LE(local + 28)
    const data = body.subarray(begin, begin + packed)
    const name = body.toString('utf8', at + 46, at + 46 + nameLength)
    files[name] = (body.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data).toString('utf8')
    at += 46 + nameLength + body.readUInt16LE(at + 30) + body.readUInt16LE(at + 32)
  }
  return files
}

export const tests = {
  async 'a list is sorted by several columns, and paged, and the address keeps both'(page) {
    await enter(page, PATH)
    await range(page, `1–50 of ${TOTAL}`)
    await head(page, 'Short name').getByRole('button', { name: 'Short name', exact: true }).click()
    await page.locator('th[aria-sort=ascending]', { hasText: 'Short name' }).waitFor()
    await settled(page)
    const ascending = await names(page)
    assert.equal(ascending[1], branches[0])
    await head(page, 'State')
      .getByRole('button', { name: 'State', exact: true })
      .click({ modifiers: ['Shift'] })
    await page.locator('th[aria-sort=ascending]', { hasText: 'State' }).waitFor()
    assert.equal(query(page).sort, 'shortName,isActive')
    await page.getByRole('button', { name: 'Next page' }).click()
    await range(page, `51–${TOTAL} of ${TOTAL}`)
    await settled(page)
    const second = await names(page)
    assert.equal(second.at(-1), 'Staff Control')
    assert.deepEqual(
      second.filter((name) => ascending.includes(name)),
      [],
    )
    await page.reload()
    await range(page, `51–${TOTAL} of ${TOTAL}`)
    assert.deepEqual(await names(page), second)
    await page.getByRole('button', { name: 'Previous page' }).click()
    await range(page, `1–50 of ${TOTAL}`)
    await page.goBack()
    await range(page, `51–${TOTAL} of ${TOTAL}`)
  },

  async 'filters are any of a column’s, are kept over a reload, and can be cleared'(page) {
    await enter(page, PATH)
    await page.getByRole('button', { name: 'Filter: State' }).click()
    await page.getByText('Active', { exact: true }).last().click()
    await range(page, '1–2 of 2')
    await page.keyboard.press('Escape')
    assert.equal(query(page).isActive, 'true')
    await settled(page)
    await accessible(page, 'a filtered list')
    await picture(page, 'grid-filtered')
    await page.reload()
    await range(page, '1–2 of 2')
    await page.getByRole('button', { name: 'Remove the filter “State: Active”' }).click()
    await range(page, `1–50 of ${TOTAL}`)
    await page.getByRole('searchbox').fill('филиал 07')
    await range(page, '1–1 of 1')
    assert.deepEqual(await names(page), ['Filial 07'])
    await page.getByRole('searchbox').fill('zzz')
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
    await settled(page)
    await accessible(page, 'a list that nothing matches')
    await picture(page, 'grid-nothing')
    await page.getByRole('button', { name: 'Clear the filters' }).last().click()
    await range(page, `1–50 of ${TOTAL}`)
    assert.deepEqual(query(page), {})
  },

  async 'columns are chosen, and the choice is in the address'(page) {
    await enter(page, PATH)
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Phone' }).check()
    await page.getByRole('checkbox', { name: 'Full name' }).uncheck()
    await head(page, 'Phone').waitFor()
    await settled(page)
    await accessible(page, 'the choice of columns')
    await page.reload()
    await head(page, 'Phone').waitFor()
    assert.equal(await head(page, 'Full name').count(), 0)
  },

  async 'a list is walked by the keyboard alone'(page) {
    const focused = (name) =>
      page.waitForFunction(
        (text) =>
          document.activeElement?.matches('tr[data-row]') && document.activeElement.innerText.includes(text),
        name,
      )
    await enter(page, `${PATH}?sort=shortName`)
    await range(page, `1–50 of ${TOTAL}`)
    await page.keyboard.press('/')
    await page.keyboard.type('Filial')
    await range(page, `1–50 of ${branches.length}`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await focused(branches[0])
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await focused(branches[1])
    await picture(page, 'grid-keyboard')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Change the organization' })
    assert.equal(await dialog.getByLabel('Short name').inputValue(), branches[1])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).getByText('next row').waitFor()
    await settled(page)
    await accessible(page, 'the list of keys')
    await picture(page, 'keys')
    await page.getByRole('switch').click({ force: true })
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.locator('body').press('/')
    assert.equal(await page.evaluate(() => document.activeElement?.tagName === 'INPUT'), false)
  },

  async 'a list is downloaded whole, with its filters, as CSV and as XLSX'(page) {
    await enter(page, `${PATH}?q=Filial&sort=-shortName`)
    await range(page, `1–50 of ${branches.length}`)
    const csv = await download(page, 'CSV file')
    assert.match(csv.name, /^organizations.*\.csv$/)
    assert.deepEqual([...csv.body.subarray(0, 3)], [0xef, 0xbb, 0xbf])
    const lines = csv.body.toString('utf8').trim().split('\r\n')
    const found = lines.flatMap((line) => /,(Filial \d\d),/.exec(line)?.[1] ?? [])
    assert.deepEqual(found, branches.toReversed())
    assert.ok(
      lines.slice(0, 4).some((line) => line.includes('Filial')),
      `the filter is not named: ${lines.slice(0, 4)}`,
    )
    const xlsx = await download(page, 'Excel file (XLSX)')
    assert.match(xlsx.name, /^organizations.*\.xlsx$/)
    const files = unzip(xlsx.body)
    assert.ok('[Content_Types].xml' in files, Object.keys(files).join())
    const cells = Object.values(files).join('')
    for (const name of branches) assert.ok(cells.includes(`>${name}<`), `${name} is not in the file`)
  },

  async 'a download that fails is explained'(page) {
    await enter(page, PATH)
    page.refused = /500.*\/export/
    await page.route('**/organizations/export**', (route) =>
      route.fulfill({ status: 500, json: { success: false, message: 'No file today', details: [] } }),
    )
    await page.locator('[data-export]').click()
    await page.getByRole('menuitem', { name: 'CSV file' }).click()
    await page.getByRole('alert').getByText('No file today').waitFor()
  },

  async 'on a narrow screen rows are cards, with filters and sorting in a panel'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto(PATH)
    await enterNarrow(page)
    await page.getByRole('button', { name: 'Filters' }).click()
    await page.getByRole('textbox', { name: 'Short name' }).fill('Filial 1')
    await range(page, '1–15 of 15')
    await page.getByRole('combobox', { name: 'Sort by' }).click()
    await page.getByRole('option', { name: 'Short name, descending' }).click()
    await page.locator('tr[data-row]').first().getByText('Filial 51', { exact: true }).waitFor()
    await settled(page)
    await fits(page, 'a list’s cards')
    await accessible(page, 'a list’s cards')
    await picture(page, 'grid-narrow')
    assert.equal(await rows(page).count(), 15)
  },
}

async function enterNarrow(page) {
  const { signIn } = await import('./browser.mjs')
  await signIn(page)
  await heading(page, 'Organizations')
  await settled(page)
}
