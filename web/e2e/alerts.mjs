import { branch } from './seeded.mjs'
import { accessible, enter, picture, settled } from './browser.mjs'

export const tests = {
  async 'an alert is said in words, acknowledged, and leads to its gateway'(page) {
    await enter(page, '/alerts')
    const row = page.locator('tr[data-alert=buffer_overflow]')
    await row.getByText('78% in use.').waitFor()
    await row.getByText('Warning').waitFor()
    await row.getByRole('button', { name: 'Acknowledge' }).click()
    await row.waitFor({ state: 'detached' })
    await page.getByText('All', { exact: true }).click()
    await row.getByText(/Acknowledged/).waitFor()
    await settled(page)
    await accessible(page, 'acknowledged alerts')
    await picture(page, 'alerts-acknowledged')
    await row.getByRole('link', { name: branch.name }).click()
    await page.waitForURL(/\/gateways\?open=/)
    await page.getByText(`${branch.gap.join('–')}, since`).waitFor()
  },
}
