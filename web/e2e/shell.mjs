// The frame: the palette, the choice of language, the label of demo data.
import assert from 'node:assert/strict'
import { computer, employee } from './seeded.mjs'
import { accessible, enter, heading, picture, settled } from './browser.mjs'

const palette = (page) => page.getByRole('dialog', { name: 'Find' })

async function find(page, words) {
  await page.keyboard.press('Control+k')
  await palette(page).getByRole('combobox').fill(words)
}

export const tests = {
  async 'the OpenAPI document is shown, by nobody else'(page) {
    const elsewhere = []
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol !== 'data:' && origin !== process.env.E2E_URL) elsewhere.push(request.url())
    })
    await page.goto('/api/docs')
    await page.getByText('/api/openapi.json').waitFor()
    await page.locator('.opblock-tag', { hasText: 'alerts' }).click({ timeout: 60_000 })
    await page.getByText('/api/v2/alerts', { exact: true }).click({ timeout: 60_000 })
    await page.getByText('Media type').first().waitFor()
    await picture(page, 'api-docs')
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await background()
    await page.evaluate(() => localStorage.setItem('mantine-color-scheme-value', 'dark')) // as the pages keep a choice
    await page.reload()
    await page.locator('html.dark-mode').waitFor({ timeout: 60_000 })
    assert.notEqual(await background(), light)
    await page.getByText('Media type').first().waitFor({ timeout: 60_000 })
    await picture(page, 'api-docs-dark')
    assert.deepEqual(elsewhere, [])
  },

  async 'the palette finds people in both scripts, computers, pages and actions'(page) {
    await enter(page, '/users')
    await find(page, 'алиева нодира')
    await palette(page).getByRole('option', { name: employee }).waitFor()
    await settled(page)
    await accessible(page, 'the palette')
    await picture(page, 'palette')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/day\?employee=\d+/)
    await heading(page, employee)
    await find(page, computer.uid)
    await palette(page).getByRole('option', { name: computer.uid }).waitFor()
    await page.keyboard.press('Escape')
    await palette(page).waitFor({ state: 'detached' })
    await find(page, 'buxgal')
    await palette(page).getByRole('option', { name: 'Buxgalteriya', exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await find(page, 'оповещ') // the Russian word for alerts
    await palette(page).getByRole('option', { name: 'Alerts' }).click()
    await heading(page, 'Alerts')
    await find(page, 'dark')
    await page.keyboard.press('Enter')
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
    await find(page, 'qwertyuiop')
    await palette(page).getByText('Nothing found').waitFor()
    await page.keyboard.press('Escape')
    await find(page, 'sign out')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await heading(page, 'Sign in')
  },

  async 'the server answers in the language that was chosen, in Cyrillic letters too'(page) {
    await enter(page, '/organizations?edit=new')
    page.refused = /400/
    const language = page.locator('select[name=language]')
    const refusal = async (name, save) => {
      await page.getByRole('dialog').getByRole('textbox', { name: /./ }).first().fill('')
      await page.getByRole('button', { name: save, exact: true }).click()
      await page.getByRole('dialog').getByText(name).first().waitFor()
    }
    await language.selectOption('uz-Cyrl', { force: true })
    await page.locator('html[lang=uz-Cyrl]').waitFor()
    await settled(page)
    await refusal(/[А-я]{4,}.*[ўқғҳ]|тўлдир|киритинг|шарт/, 'Сақлаш')
    await picture(page, 'form-cyrillic')
    await language.selectOption('en', { force: true })
    await page.locator('html[lang=en]').waitFor()
    await settled(page)
  },

  async 'demo data is labelled, with the way to be rid of it'(page) {
    const madeAt = new Date()
    await page.route('**/api/v2/demo', (route) =>
      route.fulfill({
        json: {
          items: [{ organizationId: 1, employees: 40, days: 14, madeAt, ready: true, sentUntil: madeAt }],
          next: '',
        },
      }),
    )
    await enter(page, '/alerts')
    const note = page.getByRole('note')
    await note.getByText('staff-control demo remove').waitFor()
    assert.match(await note.innerText(), /invented/)
    await settled(page)
    await accessible(page, 'the label of demo data')
    await picture(page, 'demo')
  },

  async 'a history that is only partly there is said to be so, until it is whole again'(page) {
    let away = true
    await page.route('**/api/v2/activity/**', async (route) => {
      const response = await route.fetch()
      const headers = { ...response.headers(), ...(away && { 'x-fallback-mode': 'true' }) }
      await route.fulfill({ response, headers })
    })
    await enter(page, '/statistics')
    const note = page.getByText('Part of the history cannot be seen now.')
    await note.waitFor()
    await settled(page)
    await accessible(page, 'the note on a missing history')
    await picture(page, 'fallback')
    away = false
    await page.getByRole('button', { name: 'Last week' }).click()
    await note.waitFor({ state: 'detached' })
  },
}
