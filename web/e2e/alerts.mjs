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

  async 'alerts of the server itself are said in words, and lead to where more is known'(page) {
    const at = new Date().toISOString()
    const alert = (kind, severity, subject, details) => ({
      id: kind,
      organizationId: 1,
      kind,
      severity,
      subject,
      details,
      at,
    })
    const items = [
      alert('timescale_fallback_activated', 'critical', 'database:timescaledb', {
        consecutiveFailures: 3,
        reason: 'refused',
      }),
      alert('timescale_recovered', 'info', 'database:timescaledb', { since: '2026-01-05T04:05:00Z' }),
      alert('storage_file_missing', 'critical', 'storage', {
        files: 2,
        first: 'screenshots/2026/01/05/a.png',
      }),
      alert('retention_failed', 'warning', 'retention:screenshot', {
        kind: 'screenshot',
        day: '2026-01-05',
        error: 'no space',
      }),
    ]
    await page.route('**/api/v2/alerts?**', (route) =>
      route.fulfill({ json: { items, next: '', total: items.length } }),
    )
    await enter(page, '/alerts')
    const row = (kind) => page.locator(`tr[data-alert=${kind}]`)
    await row('timescale_fallback_activated').getByText('New data is kept in PostgreSQL').waitFor()
    await row('timescale_recovered')
      .getByText(/since 5 Jan( 2026)? 09:05/)
      .waitFor()
    await row('storage_file_missing')
      .getByText('2 files, the first is screenshots/2026/01/05/a.png')
      .waitFor()
    await row('retention_failed').getByText('Screenshots, 5 Jan 2026: no space').waitFor()
    await settled(page)
    await accessible(page, 'alerts of the server')
    await picture(page, 'alerts-server')
    await row('retention_failed').getByRole('link', { name: 'Retention' }).click()
    await page.waitForURL(/\/storage\?tab=runs&failed=true/)
    await page.getByRole('heading', { name: 'Every day was finished' }).waitFor()
  },
}
