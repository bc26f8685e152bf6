// What every page has in common: the session, languages, themes, narrow screens, the keyboard, failures.
import assert from 'node:assert/strict'
import { guard } from './entrance.mjs'
import * as seeded from './seeded.mjs'
import {
  accessible,
  choose,
  enter,
  fits,
  heading,
  PASSWORD,
  picture,
  settled,
  signIn,
  USER,
} from './browser.mjs'

const TITLES = {
  '/today': { uz: 'Bugun', 'uz-Cyrl': 'Бугун', ru: 'Сегодня', en: 'Today' },
  '/passes': { uz: 'Oʻtishlar', 'uz-Cyrl': 'Ўтишлар', ru: 'Проходы', en: 'Passes' },
  '/visitors': { uz: 'Mehmonlar', 'uz-Cyrl': 'Меҳмонлар', ru: 'Посетители', en: 'Visitors' },
  '/people': { uz: 'Xodimlar', 'uz-Cyrl': 'Ходимлар', ru: 'Сотрудники', en: 'People' },
  '/statistics': { uz: 'Statistika', 'uz-Cyrl': 'Статистика', ru: 'Статистика', en: 'Statistics' },
  '/computers': { uz: 'Kompyuterlar', 'uz-Cyrl': 'Компьютерлар', ru: 'Компьютеры', en: 'Computers' },
  '/policies': { uz: 'Siyosatlar', 'uz-Cyrl': 'Сиёсатлар', ru: 'Политики', en: 'Policies' },
  '/gateways': { uz: 'Shlyuzlar', 'uz-Cyrl': 'Шлюзлар', ru: 'Шлюзы', en: 'Gateways' },
  '/alerts': { uz: 'Ogohlantirishlar', 'uz-Cyrl': 'Огоҳлантиришлар', ru: 'Оповещения', en: 'Alerts' },
  '/users': { uz: 'Foydalanuvchilar', 'uz-Cyrl': 'Фойдаланувчилар', ru: 'Пользователи', en: 'Users' },
  '/organizations': { uz: 'Tashkilotlar', 'uz-Cyrl': 'Ташкилотлар', ru: 'Организации', en: 'Organizations' },
  '/storage': { uz: 'Xotira', 'uz-Cyrl': 'Хотира', ru: 'Хранение', en: 'Storage' },
}
const LANGUAGES = ['uz', 'uz-Cyrl', 'ru', 'en']
const THEMES = { light: /^(Yorugʻ|Ёруғ|Светлая|Light)$/, dark: /^(Qorongʻi|Қоронғи|Тёмная|Dark)$/ }
/** Pages that the menu has no entry of: the page before them leads there. */
const WITHIN = ['/visitors', '/organizations', '/storage']
/** What a theme changes, it changes in every language alike: the dark one is looked at in one. */
const themesIn = (code) => Object.keys(THEMES).filter((theme) => theme === 'light' || code === 'en')
const DATE = process.env.E2E_DATE

export const tests = {
  async 'signs in after a wrong password, keeps the session over a reload, and signs out'(page) {
    await page.goto('/gateways')
    await heading(page, 'Sign in')
    await settled(page)
    assert.deepEqual(page.faults, [], 'a first visit begins with errors')
    await accessible(page, 'sign-in')
    await picture(page, 'sign-in')
    page.refused = /401.*\/auth\/login/
    await signIn(page, 'certainly wrong')
    await page.getByRole('alert').getByText('The user name or the password is wrong.').waitFor()
    await picture(page, 'sign-in-wrong')
    await signIn(page)
    await heading(page, 'Gateways')
    await page.reload()
    await heading(page, 'Gateways')
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))
    assert.ok(!/token|eyJ|Bearer/i.test(kept), `a token is within reach of scripts: ${kept}`)
    await page.getByTitle('Account').click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await heading(page, 'Sign in')
    await page.reload()
    await heading(page, 'Sign in')
  },

  async 'the keyboard alone signs in and reaches the lanes'(page) {
    const focused = (of) => page.waitForFunction((css) => document.activeElement?.matches(css), of)
    const tabTo = async (css) => {
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press('Tab')
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), css)) return
      }
      throw new Error(`no way to ${css} by Tab`)
    }
    await page.goto('/day')
    await focused('input[name=username]')
    await page.keyboard.type(USER)
    await tabTo('input[name=password]')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await heading(page, 'Person’s day')
    await focused('h1')
    await page.goto(`/day?date=${DATE}`)
    await heading(page, 'Person’s day')
    await page.keyboard.press('Tab')
    await focused('input[type=radio]')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Aliyeva')
    await page.getByRole('option', { name: seeded.employee }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByTestId('timeline').waitFor()
    await tabTo('[data-testid=timeline]')
    await page.keyboard.press('ArrowRight')
    const said = page.locator('[data-testid=timeline] [aria-live]')
    assert.match(await said.innerText(), /EXCEL\.EXE[^]*09:00:00–10:30:00/)
  },

  async 'every page reads in every language and in both themes, and is accessible'(page) {
    await enter(page, '/gateways', seeded.polyglot)
    for (const code of LANGUAGES) {
      await page.locator('select[name=language]').selectOption(code)
      await page.locator(`html[lang=${code}]`).waitFor()
      for (const theme of themesIn(code)) {
        await page.getByTitle(THEMES[theme]).click()
        await page.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor()
        for (const [path, titles] of Object.entries(TITLES)) {
          if (WITHIN.includes(path))
            await page.getByRole('radiogroup').getByText(titles[code], { exact: true }).click()
          else await page.locator(`nav a[href="${path}"]`).click()
          await heading(page, titles[code])
          await settled(page)
          await accessible(page, `${path} ${code} ${theme}`)
          await picture(page, `${path.slice(1)}-${code}-${theme}`)
        }
        await page.goto(`/day?date=${DATE}`)
        await page.getByRole('button', { name: seeded.employee }).click()
        await page.getByTestId('timeline').waitFor()
        await settled(page)
        await accessible(page, `a person’s day ${code} ${theme}`)
        await picture(page, `person-${code}-${theme}`)
      }
    }
    await page.reload()
    await heading(page, seeded.employee)
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark')
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  },

  async 'everything is usable at 360 px'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto('/gateways')
    await heading(page, 'Sign in')
    await fits(page, 'sign-in')
    await picture(page, 'narrow-sign-in')
    await signIn(page)
    for (const path of Object.keys(TITLES)) {
      if (WITHIN.includes(path)) {
        await page.getByRole('radiogroup').getByText(TITLES[path].en, { exact: true }).click()
      } else {
        await page.getByRole('button', { name: 'Menu' }).click()
        await page.getByRole('dialog').locator(`nav a[href="${path}"]`).click()
      }
      await heading(page, TITLES[path].en)
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await settled(page)
      await fits(page, path)
      await accessible(page, `the narrow ${path}`)
      await picture(page, `narrow-${path.slice(1)}`)
    }
    await page.goto('/gateways')
    await page.getByRole('button', { name: `${seeded.branch.name}: details` }).click()
    await page.getByRole('button', { name: 'Rotate the key' }).waitFor()
    await fits(page, 'a gateway’s detail')
    await picture(page, 'narrow-gateway-detail')
    await page.goto(`/day?date=${DATE}`)
    await choose(page, seeded.employee)
    await fits(page, 'the day')
    await accessible(page, 'the narrow day')
    await picture(page, 'narrow-person')
    await page.getByText('Table', { exact: true }).click()
    await fits(page, 'the day’s rows')
    await picture(page, 'narrow-person-table')
  },

  async 'a guard’s pages fit 360 px in every language'(page) {
    await page.setViewportSize({ width: 360, height: 740 })
    await page.route('**/api/v2/passes/today**', async (route) => {
      const response = await route.fetch()
      const json = await response.json()
      for (const department of json.departments) department.name = 'Axborot texnologiyalari boʻlimi'
      await route.fulfill({ response, json })
    })
    await page.goto('/passes')
    await signIn(page, PASSWORD, guard)
    const menu = page.locator('header button').first()
    await menu.waitFor()
    for (const code of LANGUAGES) {
      await page.evaluate((language) => localStorage.setItem('staff-control.language', language), code)
      for (const path of [
        '/passes',
        '/passes?tab=inside',
        '/visitors',
        '/visitors?view=inside',
        '/visitors?view=all',
        '/today',
        '/devices',
        '/security',
      ]) {
        await page.goto(path)
        await page.locator(`html[lang=${code}]`).waitFor()
        await menu.waitFor()
        await settled(page)
        await fits(page, `${path} in ${code}`)
      }
    }
  },

  async 'a server that fails is explained in the user’s language'(page) {
    await enter(page, '/computers')
    page.refused = /500.*\/alerts/
    const broken = {
      success: false,
      error: 'INTERNAL_ERROR',
      code: 'internal',
      message: 'It broke',
      details: [],
      traceId: 'abc123',
    }
    await page.route('**/api/v2/alerts**', (route) => route.fulfill({ status: 500, json: broken }))
    await page.locator('nav a[href="/alerts"]').click()
    const note = page.getByRole('alert')
    await note.getByText('It broke').waitFor()
    await note.getByText('abc123').waitFor()
    await picture(page, 'error')
    await page.unroute('**/api/v2/alerts**')
    await note.getByRole('button', { name: 'Try again' }).click()
    await note.waitFor({ state: 'detached' })
  },

  async 'pages are compressed and cached as they may be, and refuse foreign scripts'(page) {
    const answers = []
    page.on('response', (response) => answers.push(response))
    await page.goto('/gateways')
    await settled(page)
    const own = answers.filter((answer) => !answer.url().includes('/api/'))
    assert.ok(
      own.every((answer) => answer.url().startsWith(process.env.E2E_URL)),
      'something comes from elsewhere',
    )
    for (const answer of own) {
      const { 'cache-control': cache, 'content-encoding': encoding } = await answer.allHeaders()
      const hashed = answer.url().includes('/assets/')
      assert.match(cache, hashed ? /immutable/ : /no-cache/, answer.url())
      if (hashed) assert.match(encoding, /^(br|gzip)$/, answer.url())
    }
    const policy = await own[0].headerValue('content-security-policy')
    assert.match(policy, /script-src 'self'/)
    assert.doesNotMatch(policy, /unsafe/)
    page.refused = /violates the following Content Security Policy|inline script/i
    const ran = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(script)
      return window.ran === true
    })
    assert.ok(!ran, 'an inline script ran')
  },
}
