// Drives the built pages in headless Chromium: against the server at E2E_URL, or against mock.mjs without one.
//   E2E_URL E2E_USER E2E_PASSWORD   the server and who signs in (an ADMIN)
//   E2E_EMPLOYEE E2E_DATE E2E_FIND  a person, a day with activity, and a text that is in its rows
//   E2E_SHOTS=1                     leaves a picture of every page in e2e/shots
import assert from 'node:assert/strict'
import { accessible, ADDRESS, fits, launch, open, picture, settled, signIn } from './browser.mjs'

const EMPLOYEE = process.env.E2E_EMPLOYEE ?? 'Aliyeva'
const DATE = process.env.E2E_DATE ?? '2026-01-05'
const FIND = process.env.E2E_FIND ?? 'EXCEL.EXE'

const TITLES = {
  '/gateways': { uz: 'Shlyuzlar', ru: 'Шлюзы', en: 'Gateways' },
  '/day': { uz: 'Ish kuni', ru: 'День сотрудника', en: 'Person’s day' },
  '/computers': { uz: 'Kompyuterlar', ru: 'Компьютеры', en: 'Computers' },
  '/alerts': { uz: 'Ogohlantirishlar', ru: 'Оповещения', en: 'Alerts' },
}
const LANGUAGES = { uz: 'Oʻz', ru: 'Рус', en: 'Eng' }
const THEMES = ['Yorugʻ', 'Qorongʻi', 'Светлая', 'Тёмная', 'Light', 'Dark']

const tests = {
  async 'signs in after a wrong password, keeps the session over a reload, and signs out'(page) {
    await page.goto('/gateways')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await accessible(page, 'sign-in')
    await picture(page, 'sign-in')
    await signIn(page, 'certainly wrong')
    await page.getByRole('alert').getByText('wrong').waitFor()
    await signIn(page)
    await heading(page, 'Gateways')
    await page.reload()
    await heading(page, 'Gateways')
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))
    assert.ok(!/token|eyJ|Bearer/i.test(kept), `a token is within reach of scripts: ${kept}`)
    await page.getByTitle('Account').click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  },

  async 'every page reads in every language and theme, and is accessible'(page) {
    await enter(page, '/gateways')
    for (const [code, label] of Object.entries(LANGUAGES)) {
      await page.getByText(label, { exact: true }).click()
      for (const dark of [false, true]) {
        await theme(page, dark)
        for (const [path, titles] of Object.entries(TITLES)) {
          await page.locator(`nav a[href="${path}"]`).click()
          await heading(page, titles[code])
          await settled(page)
          assert.equal(await page.locator('html').getAttribute('lang'), code)
          await accessible(page, `${path} ${code} ${dark ? 'dark' : 'light'}`)
          await picture(page, `${path.slice(1)}-${code}-${dark ? 'dark' : 'light'}`)
        }
      }
    }
    await page.reload()
    await heading(page, 'Alerts')
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark')
  },

  async 'gateways: state, gauge, detail in the address, a token shown once'(page) {
    await enter(page, '/gateways')
    const row = page.locator('tr[data-gateway]').first()
    await row.getByText(/Online|Offline/).waitFor()
    assert.match(await row.getByRole('meter').getAttribute('aria-valuetext'), /%$/)
    await row.getByRole('button', { name: /details/ }).click()
    await page.getByRole('button', { name: 'Rotate the key' }).waitFor()
    await settled(page)
    await accessible(page, 'a gateway’s detail')
    await picture(page, 'gateway-detail')
    await page.reload()
    await page.getByRole('button', { name: 'Rotate the key' }).waitFor()

    const tokens = page.getByRole('region', { name: 'Provisioning tokens' })
    await page.getByRole('button', { name: 'New provisioning token' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Note').fill('browser test')
    await settled(page)
    await accessible(page, 'the token form')
    await picture(page, 'token-form')
    await dialog.getByRole('button', { name: 'Make' }).click()
    const secret = await dialog.getByTestId('secret').innerText()
    await dialog.getByRole('button', { name: 'Copy' }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret)
    await picture(page, 'token')
    await dialog.locator('button', { hasText: 'Close' }).click()
    const issued = tokens.getByRole('row', { name: /browser test/ }).first()
    await issued.waitFor()
    assert.ok(!(await page.content()).includes(secret), 'the token is still on the page')
    const before = await tokens.getByText('browser test').count()
    await issued.getByRole('button', { name: 'Delete' }).click()
    await page.waitForFunction(
      ([text, count]) => document.body.innerText.split(text).length - 1 < count,
      ['browser test', before],
    )
  },

  async 'one person’s day: found by name, read as a table, walked by keyboard, zoomed'(page) {
    await enter(page, `/day?date=${DATE}`)
    await page.getByRole('combobox', { name: 'Person' }).fill(EMPLOYEE)
    await page
      .getByRole('option', { name: new RegExp(EMPLOYEE) })
      .first()
      .click()
    const lanes = page.getByTestId('timeline')
    await lanes.waitFor()
    await settled(page)
    await accessible(page, 'the day’s lanes')
    await picture(page, 'day-chart')
    const link = page.url()
    assert.match(link, /employee=\d+/)

    await walkByKeyboard(page, lanes)
    await zoomEveryWay(page, lanes)

    await page.getByText('Table', { exact: true }).click()
    await page.getByLabel('Application, site or title').fill(FIND)
    const row = page.locator('tr[data-lane]', { hasText: FIND }).first()
    assert.match(await row.innerText(), /\d\d:\d\d:\d\d/)
    await settled(page)
    await accessible(page, 'the day’s rows')
    await picture(page, 'day-table')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    assert.equal(file.suggestedFilename(), `${DATE}.csv`)
    await page.reload()
    await page.locator('tr[data-lane]', { hasText: FIND }).first().waitFor()

    await page.getByRole('button', { name: 'Previous day' }).click()
    await page.waitForFunction((date) => document.querySelector('[data-date]').dataset.date < date, DATE)
    await page.goBack()
    await page.locator(`[data-date="${DATE}"]`).waitFor()
    await page.getByRole('button', { name: /^Date/ }).click()
    await settled(page)
    await page.locator('[class*=weekdaysRow]').waitFor()
    const days = await page.locator('[class*=weekdaysRow] th').allInnerTexts()
    assert.equal(days[0], 'Mo')
    await accessible(page, 'the calendar')
    await picture(page, 'calendar')
  },

  async 'a computer’s day, without a linked person'(page) {
    await enter(page, '/computers')
    await page.getByRole('region', { name: 'All computers' }).getByRole('link').first().click()
    await page.waitForURL(/\/day\?computer=/)
    await page.locator('input[type=radio][value=computer]:checked').waitFor({ state: 'attached' })
    await page.goto(page.url() + `&date=${DATE}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  },

  async 'a Windows user is linked in two clicks, and that is undone'(page) {
    await enter(page, '/computers')
    const row = page.locator('tr[data-user]').first()
    if ((await row.count()) === 0) return
    await row.getByRole('combobox').click()
    await page.getByRole('option').first().click()
    await row.getByText('Linked to').waitFor()
    await row.getByRole('button', { name: 'Undo' }).click()
    await row.getByRole('combobox').waitFor()
  },

  async 'everything is usable at 360 px'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto('/gateways')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await fits(page, 'sign-in')
    await picture(page, 'narrow-sign-in')
    await signIn(page)
    for (const path of Object.keys(TITLES)) {
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.getByRole('dialog').locator(`nav a[href="${path}"]`).click()
      await heading(page, TITLES[path].en)
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await settled(page)
      await fits(page, path)
      await picture(page, `narrow-${path.slice(1)}`)
    }
    await page.goto(`/day?date=${DATE}`)
    await page.getByRole('combobox', { name: 'Person' }).fill(EMPLOYEE)
    await page
      .getByRole('option', { name: new RegExp(EMPLOYEE) })
      .first()
      .click()
    await page.getByTestId('timeline').waitFor()
    await settled(page)
    await fits(page, 'the day')
    await accessible(page, 'the narrow day')
    await picture(page, 'narrow-day-chart')
  },

  async 'a server that fails is explained in the user’s language'(page) {
    await enter(page, '/computers')
    await page.route('**/api/v2/alerts**', (route) =>
      route.fulfill({
        status: 500,
        json: {
          success: false,
          error: 'INTERNAL_ERROR',
          code: 'internal',
          message: 'It broke',
          traceId: 'abc123',
        },
      }),
    )
    await page.locator('nav a[href="/alerts"]').click()
    const note = page.getByRole('alert')
    await note.getByText('It broke').waitFor()
    await note.getByText('abc123').waitFor()
    await picture(page, 'error')
    await page.unroute('**/api/v2/alerts**')
    await note.getByRole('button', { name: 'Try again' }).click()
    await note.waitFor({ state: 'detached' })
  },
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

async function enter(page, path) {
  await page.goto(path)
  await signIn(page)
  await page.getByRole('navigation').waitFor()
  await settled(page)
}

async function theme(page, dark) {
  const wanted = THEMES.filter((_, n) => n % 2 === (dark ? 1 : 0)).join('|')
  await page.getByTitle(new RegExp(`^(${wanted})$`)).click()
  await page.locator(`html[data-mantine-color-scheme=${dark ? 'dark' : 'light'}]`).waitFor()
}

async function walkByKeyboard(page, lanes) {
  await lanes.focus()
  await page.keyboard.press('ArrowRight')
  const first = await page.getByTestId('reason').innerText()
  assert.match(first, /Window/)
  await page.keyboard.press('ArrowRight')
  assert.notEqual(await page.getByTestId('reason').innerText(), first)
  await page.keyboard.press('Escape')
  await page.getByTestId('reason').waitFor({ state: 'detached' })
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
  await changes(() => page.getByRole('button', { name: 'Zoom out' }).click())
  await changes(() => page.getByRole('button', { name: 'Whole day' }).click())
  assert.equal(await view(), '00:00-00:00')
}

const stand = ADDRESS ? undefined : await (await import('./mock.mjs')).start()
const url = ADDRESS ?? stand.url
const browser = await launch()
let failed = 0
for (const [name, test] of Object.entries(tests)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue
  const page = await open(browser, url)
  const begun = performance.now()
  try {
    await test(page)
    assert.deepEqual(page.faults, [], 'errors in the console')
    console.log(`ok    ${name} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failed++
    console.log(`FAIL  ${name}\n${error.stack}\n${page.faults.join('\n')}`)
    await picture(page, `failed-${failed}`)
  }
  await page.context().close()
}
await browser.close()
stand?.stop()
process.exit(failed > 0 ? 1 : 0)
