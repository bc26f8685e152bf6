// One person's day: every number and row against what was reported.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { computer, employee, read, sites, windows, idle, sessions } from './seeded.mjs'
import { accessible, choose, enter, fits, heading, picture, settled, texts } from './browser.mjs'

const DATE = process.env.E2E_DATE
const rowsOf = (page, lane) => texts(page.locator(`tr[data-lane=${lane}]`))

async function theDay(page) {
  await enter(page, `/day?date=${DATE}`)
  await choose(page, employee)
}

export const tests = {
  async 'a person’s day shows what was reported: totals, applications, sites'(page) {
    await theDay(page)
    const tiles = await page
      .locator('dl > div')
      .evaluateAll((all) => all.map((tile) => tile.innerText.split('\n')))
    const clean = (text) => text.replace(/\s+/g, ' ').trim()
    assert.deepEqual(Object.fromEntries(tiles.map((tile) => tile.map(clean))), read.totals)
    for (const [title, wanted] of [
      ['Top applications', read.applications],
      ['Top sites', read.sites],
    ]) {
      const rows = page.getByRole('region', { name: title }).locator('tbody tr')
      assert.deepEqual(await texts(rows), wanted)
    }
    await page
      .getByText(/Asia\/Tashkent, UTC\+5/)
      .first()
      .waitFor()
  },

  async 'a person’s day as rows: every report once, locks and idle time, a file of them'(page) {
    await theDay(page)
    await page.getByText('Table', { exact: true }).click()
    await page.locator('tr[data-lane]').first().waitFor()
    const shown = await rowsOf(page, 'window')
    assert.deepEqual(
      shown.map(([from, , , , what, detail]) => [from, what, detail]),
      windows.map(([clock, , process, title]) => [`${clock}:00`, process, title]),
    )
    const web = await rowsOf(page, 'web')
    assert.deepEqual(
      web.map(([from, , , , , detail]) => [from, detail]),
      sites.map(([clock, , url, title]) => [`${clock}:00`, `${title} — ${url}`]),
    )
    const pick = (rows) => rows.map(([from, to, , , what]) => [from, to, what])
    assert.deepEqual(pick(await rowsOf(page, 'session')), read.sessions)
    assert.deepEqual(pick(await rowsOf(page, 'idle')), read.idle)
    assert.ok(shown.every((cells) => cells.includes(computer.uid)))

    await page.getByLabel('Application, site or title').fill('excel.exe')
    await page.getByText('2 rows', { exact: true }).waitFor()
    await settled(page)
    await accessible(page, 'the day’s rows')
    await picture(page, 'day-table')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    assert.equal(file.suggestedFilename(), `${DATE}.csv`)
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\r\n')
    assert.equal(lines.length, 3)
    assert.match(lines[1], /EXCEL\.EXE/)
    await page.reload()
    await page.getByText('2 rows', { exact: true }).waitFor()
  },

  async 'the lanes: one bar for each piece, walked by keyboard, zoomed every way'(page) {
    await theDay(page)
    const lanes = page.getByTestId('timeline')
    const bars = (lane) => lanes.locator(`g[data-lane=${lane}] rect[class*=bar]`).count()
    assert.deepEqual(
      [await bars('session'), await bars('window'), await bars('web'), await bars('idle')],
      [read.sessions.length, windows.length, sites.length, idle.length],
    )
    assert.equal(sessions.length, read.sessions.length + 1) // the logout ends the last
    await walkByKeyboard(page, lanes)
    await picture(page, 'day-chart')
    await zoomEveryWay(page, lanes)
    const link = page.url()
    await page.getByRole('button', { name: 'my.soliq.uz' }).click()
    await page.waitForURL(/find=my\.soliq\.uz/)
    await settled(page)
    await picture(page, 'day-found')
    await page.goto(link)
    await heading(page, employee)
  },

  async 'the days before and after, and the calendar'(page) {
    await theDay(page)
    await page.getByRole('button', { name: 'Previous day' }).click()
    await page.getByRole('heading', { name: 'No activity on this day' }).waitFor()
    await settled(page)
    await accessible(page, 'a day without activity')
    await picture(page, 'day-empty')
    await page.goBack()
    await page.locator(`[data-date="${DATE}"]`).waitFor()
    await page.getByRole('button', { name: /^Date/ }).click()
    await page.locator('[class*=weekdaysRow]').waitFor()
    await settled(page)
    const days = await page.locator('[class*=weekdaysRow] th').allInnerTexts()
    assert.equal(days[0], 'Mo')
    await accessible(page, 'the calendar')
    await picture(page, 'calendar')
  },

  async 'the week: seven days with their sums, a click leads to the day and the keys walk'(page) {
    await theDay(page)
    await page.getByText('Week', { exact: true }).click()
    await page.waitForURL(/span=week/)
    const week = page.getByRole('region', { name: 'Week' })
    await week.locator('tr[data-day]').first().waitFor()
    assert.equal(await week.locator('tr[data-day]').count(), 7)
    assert.match(await week.locator('tr[data-day]').first().innerText(), /^Monday/)
    const [row] = await texts(week.locator(`tr[data-day="${DATE}"]`))
    assert.deepEqual(row.slice(2), ['08:57–18:05', read.totals.Active, read.totals.Idle, read.top])
    await settled(page)
    await accessible(page, 'a week')
    await picture(page, 'week')
    await page.keyboard.press('p')
    await page.getByRole('heading', { name: 'No activity in this week' }).waitFor()
    await page.goBack()
    await week.locator(`tr[data-day="${DATE}"] button`).click()
    await page.getByTestId('timeline').waitFor()
    await page.keyboard.press('w')
    await week.waitFor()
    await page.setViewportSize({ width: 360, height: 740 })
    await settled(page)
    await fits(page, 'a week')
    await accessible(page, 'a narrow week')
    await picture(page, 'narrow-week')
  },

  async 'a person who does not exist is said so'(page) {
    page.refused = /404/
    await enter(page, '/day?employee=987654')
    await page.getByRole('alert').waitFor()
    assert.equal(await page.getByRole('alert').count(), 1)
  },
}

async function walkByKeyboard(page, lanes) {
  const reason = page.getByTestId('reason')
  await lanes.focus()
  await page.keyboard.press('ArrowRight')
  assert.match(await reason.innerText(), /EXCEL\.EXE[^]*Hisobot 2026\.xlsx[^]*09:00:00–10:30:00[^]*Window/)
  await page.keyboard.press('ArrowRight')
  assert.match(await reason.innerText(), /chrome\.exe[^]*10:30:00–11:10:00/)
  await page.keyboard.press('ArrowDown')
  assert.match(await reason.innerText(), /my\.soliq\.uz/)
  await page.keyboard.press('ArrowDown')
  assert.match(await reason.innerText(), /Idle[^]*11:40:00–11:55:00/)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  assert.match(await reason.innerText(), /Locked[^]*13:00:00–13:50:00/)
  await page.keyboard.press('Escape')
  await reason.waitFor({ state: 'detached' })
}

async function zoomEveryWay(page, lanes) {
  const view = () => lanes.getAttribute('data-view')
  const changes = async (act) => {
    const before = await view()
    await act()
    await page.waitForFunction(
      (was) => document.querySelector('[data-testid=timeline]').dataset.view !== was,
      before,
    )
  }
  const box = await lanes.boundingBox()
  const y = box.y + 75
  await page.mouse.move(box.x + box.width / 2, y)
  await changes(async () => {
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -200)
    await page.keyboard.up('Control')
  })
  await changes(() => page.keyboard.press('0'))
  await changes(async () => {
    await page.mouse.move(box.x + box.width * 0.4, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 })
    await page.mouse.up()
  })
  await page.mouse.move(box.x + box.width / 2, y)
  await picture(page, 'day-zoomed')
  await changes(() => page.keyboard.press('Shift+ArrowLeft'))
  await changes(() => page.keyboard.press('Shift+ArrowRight'))
  await changes(() => page.mouse.dblclick(box.x + box.width / 3, y))
  const little = await page.getByTestId('overview').boundingBox()
  await changes(() => page.mouse.click(little.x + little.width * 0.4, little.y + 5))
  await page.waitForURL(/zoom=\d+-\d+/)
  await pinch(page, changes, box)
  await changes(() => page.getByRole('button', { name: 'Zoom out' }).click())
  await changes(() => page.getByRole('button', { name: 'Whole day' }).click())
  assert.equal(await view(), '00:00-00:00')
  await changes(() => page.getByRole('button', { name: 'Active hours' }).click())
  await changes(async () => {
    await page.getByRole('button', { name: 'Whole day' }).click()
    await page.mouse.move(box.x + box.width * 0.5, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 })
    await page.mouse.up()
  })
  assert.match(await view(), /^1[12]:\d\d-1[78]:\d\d$/) // where nothing can be dragged, the stretch is marked
}

/** pinch spreads two fingers over the lanes. */
async function pinch(page, changes, box) {
  const client = await page.context().newCDPSession(page)
  const at = (share) => ({ x: box.x + box.width * share, y: box.y + 60 })
  const touch = (type, shares) =>
    client.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: shares.map((share, id) => ({ ...at(share), id })),
    })
  await changes(async () => {
    await touch('touchStart', [0.4, 0.6])
    await touch('touchMove', [0.35, 0.65])
    await touch('touchMove', [0.3, 0.7])
    await touch('touchEnd', [])
  })
}
