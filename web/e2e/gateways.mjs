import assert from 'node:assert/strict'
import { branch } from './seeded.mjs'
import { accessible, enter, heading, picture, settled } from './browser.mjs'

const MOMENT = /\d{1,2} [A-Z][a-z]{2}( \d{4})? \d\d:\d\d/
const NUMBER = /^[1-9]\d*$/

export const tests = {
  async 'gateways: the one at work is online, complete, and has delivered all'(page) {
    await enter(page, '/gateways')
    const row = page.locator('tr[data-gateway]', { hasNotText: branch.name })
    await row.getByText('Online').waitFor()
    assert.match(await row.getByRole('meter').getAttribute('aria-valuetext'), /^\d+(\.\d)?%$/)
    const [, state, , queued, , complete, gaps, seen] = await row.locator('td').allInnerTexts()
    assert.match(state, /since/)
    assert.equal(queued, '0')
    assert.match(complete, MOMENT)
    assert.equal(gaps, 'none')
    assert.match(seen, /now|min/)
    await row.getByRole('button', { name: /details/ }).click()
    const streams = page.getByRole('region', { name: 'Streams of data' })
    const cells = await streams.getByRole('row', { name: /agent/ }).locator('td').allInnerTexts()
    assert.match(cells[1], NUMBER)
    assert.match(cells[2], MOMENT)
  },

  async 'gateways: one with a hole and a full buffer says so'(page) {
    await enter(page, '/gateways')
    await page.getByText('1 gap in the data.').waitFor()
    const row = page.locator('tr[data-gateway]', { hasText: branch.name })
    const cells = await row.locator('td').allInnerTexts()
    assert.equal(await row.getByRole('meter').getAttribute('aria-valuetext'), '78%')
    assert.deepEqual([cells[3], cells[4], cells[6].trim()], ['91,240', '12', '▲\n1'])
    await row.getByRole('button', { name: /details/ }).click()
    await page.getByText(`${branch.gap.join('–')}, since`).waitFor()
    await settled(page)
    await accessible(page, 'a gateway’s detail')
    await picture(page, 'gateway-detail')
    await page.reload()
    await page.getByText(`${branch.gap.join('–')}, since`).waitFor()
  },

  async 'gateways: a provisioning token is shown once, and deleted'(page) {
    await enter(page, '/gateways')
    const tokens = page.getByRole('region', { name: 'Provisioning tokens' })
    await page.getByRole('button', { name: 'New provisioning token' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Note').fill('browser test')
    await settled(page)
    await accessible(page, 'the token form')
    await picture(page, 'token-form')
    await dialog.getByRole('button', { name: 'Make' }).click()
    const secret = await dialog.getByTestId('secret').innerText()
    assert.match(secret, /^\S{20,}$/)
    await dialog.getByRole('button', { name: 'Copy' }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret)
    await picture(page, 'token')
    await dialog.locator('button', { hasText: 'Close' }).click()
    const issued = tokens.getByRole('row', { name: /browser test/ })
    await issued.waitFor()
    assert.ok(!(await page.content()).includes(secret), 'the token is still on the page')
    await issued.getByRole('button', { name: 'Delete' }).click()
    await issued.waitFor({ state: 'detached' })
  },

  async 'gateways: one at work brings its diagnostics, one that is away is waited for'(page) {
    await enter(page, '/gateways')
    const commands = page.getByRole('table', { name: 'Commands' })
    const command = (type) => commands.locator(`tr[data-command=${type}]`).first()
    await page
      .locator('tr[data-gateway]', { hasNotText: branch.name })
      .getByRole('button', { name: /details/ })
      .click()
    await page.getByRole('button', { name: 'Collect diagnostics' }).click()
    await command('collect_diagnostics').getByText('Done').waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      command('collect_diagnostics').getByRole('button', { name: 'Download the diagnostics' }).click(),
    ])
    assert.match(file.suggestedFilename(), /^diagnostics-.*\.tar\.gz$/)
    await settled(page)
    await accessible(page, 'the commands of a gateway')
    await picture(page, 'gateway-commands')
    await page.goto('/gateways')
    await page
      .locator('tr[data-gateway]', { hasText: branch.name })
      .getByRole('button', { name: /details/ })
      .click()
    await page.getByRole('button', { name: 'Restart agents' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('a new certificate')
    await settled(page)
    await accessible(page, 'the restart of agents')
    await dialog.getByRole('button', { name: 'Restart agents' }).click()
    await dialog.waitFor({ state: 'detached' })
    await command('restart_agent').getByText('Waiting').waitFor()
    await command('restart_agent').getByRole('button', { name: 'Take back' }).click()
    await command('restart_agent').getByText('Taken back').waitFor()
    await page.getByRole('button', { name: 'Update', exact: true }).click()
    await dialog.getByText('The server has no releases yet').waitFor()
    await picture(page, 'gateway-update')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
  },

  async 'gateways: a key is rotated, a gateway is revoked'(page) {
    await enter(page, '/gateways')
    const row = page.locator('tr[data-gateway]', { hasText: branch.name })
    await row.getByRole('button', { name: /details/ }).click()
    await page.getByRole('button', { name: 'Rotate the key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Rotate the key and show it' }).click()
    assert.match(await dialog.getByTestId('secret').innerText(), /^sgw_/)
    await dialog.locator('button', { hasText: 'Close' }).click()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await settled(page)
    await picture(page, 'revoke')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await heading(page, 'Gateways')
    await row.getByText(/Online|Offline/).waitFor() // it has stopped sending, and is still in service
  },
}
