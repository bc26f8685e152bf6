// Storage: how long what is kept, what stays in spite of it, and what would go.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { old, users } from './seeded.mjs'
import { accessible, enter, fits, picture, settled } from './browser.mjs'

const DATE = process.env.E2E_DATE
const HR = users.find(({ role }) => role === 'HR').username
const REASON = 'The audit of the bank, no. 7'
const rule = (page, name) => page.locator(`tr[data-rule=${name}]`)
const plan = (page, name) => page.locator(`tr[data-plan=${name}]`)
const dialog = (page) => page.getByRole('dialog')

/** The day of what is old, as the page writes it. */
const oldDay = new Date(Date.parse(`${DATE}T12:00:00Z`) - old.daysBefore * 86_400_000).toLocaleDateString(
  'en-GB',
  {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  },
)

async function tryIt(page) {
  await page.getByRole('button', { name: /^Try/ }).click()
  await page.getByText(/^As of/).waitFor()
  await settled(page)
}

export const tests = {
  async 'a rule is changed in its place, tried, and given back'(page) {
    await enter(page, '/storage', HR)
    await page.locator('tr[data-kind=screenshot]').waitFor() // what is kept now
    await rule(page, 'active_window').getByText('Inherited').waitFor()
    await rule(page, 'active_window').getByRole('button', { name: 'Windows and idle time: change' }).click()
    const days = page.getByRole('textbox', { name: 'Days' })
    page.refused = /400.*\/rules/
    await days.fill('0')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('At least 1').waitFor()
    await settled(page)
    await accessible(page, 'a rule that is changed')
    await picture(page, 'storage-rule')
    await days.fill('5')
    await page.getByRole('button', { name: 'Save' }).click()
    await rule(page, 'active_window').getByText('5 days').waitFor()
    await rule(page, 'active_window').getByText('the default: 90 days, deleted').waitFor()
    await tryIt(page)
    await plan(page, 'active_window').getByRole('button', { name: 'Windows: the days' }).click()
    await page.getByRole('listitem').filter({ hasText: oldDay }).getByText('Records: 1').waitFor()
    await settled(page)
    await accessible(page, 'what would go')
    await picture(page, 'storage-preview')
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV: What would go now' }).click(),
    ])
    const lines = (await readFile(await file.path(), 'utf8')).split('\r\n')
    assert.ok(
      lines.some((line) => line.startsWith('Windows,')),
      lines.join('\n'),
    )
    await rule(page, 'active_window').getByRole('button', { name: 'Use the default' }).click()
    await rule(page, 'active_window').getByText('Inherited').waitFor()
    await rule(page, 'active_window').getByText('90 days').waitFor()
  },

  async 'a hold keeps what a rule would take, until it is released'(page) {
    await enter(page, '/storage?tab=holds')
    await page.getByRole('button', { name: 'New hold' }).click()
    await dialog(page).getByRole('button', { name: 'First day' }).waitFor()
    page.refused = /400.*\/holds/
    await dialog(page).getByRole('textbox', { name: 'Reason' }).fill('why')
    await dialog(page).getByRole('button', { name: 'Add the hold' }).click()
    await dialog(page).getByText('At least 5 characters').waitFor()
    await settled(page)
    await accessible(page, 'a new hold')
    await picture(page, 'storage-hold')
    await dialog(page).getByRole('textbox', { name: 'Reason' }).fill(REASON)
    await dialog(page).getByRole('button', { name: 'Add the hold' }).click()
    const held = page.locator('tr[data-hold=active]', { hasText: REASON })
    await held.getByText('Everything').waitFor()
    await held.getByText('all days').waitFor()
    await settled(page)
    await accessible(page, 'the holds')
    await picture(page, 'storage-holds')
    await page.getByText('Rules', { exact: true }).click()
    await rule(page, 'active_window').getByRole('button').last().click()
    await page.getByRole('textbox', { name: 'Days' }).fill('5')
    await page.getByRole('button', { name: 'Save' }).click()
    await rule(page, 'active_window').getByText('5 days').waitFor()
    await tryIt(page)
    await plan(page, 'active_window').getByRole('button').click()
    await page.getByRole('listitem').filter({ hasText: oldDay }).getByText('held').waitFor()
    await rule(page, 'active_window').getByRole('button', { name: 'Use the default' }).click()
    await rule(page, 'active_window').getByText('Inherited').waitFor()
    await page.getByText('Holds', { exact: true }).click()
    await held.getByRole('button', { name: 'Release' }).click()
    await dialog(page).getByText(REASON).waitFor()
    await dialog(page).getByRole('button', { name: 'Release', exact: true }).click()
    await page.locator('tr[data-hold=released]', { hasText: REASON }).waitFor()
  },

  async 'the defaults for all are an administrator’s matter, and the page fits a phone'(page) {
    await enter(page, '/storage')
    await page.getByText('Defaults for all', { exact: true }).click()
    await page.waitForURL(/rules=defaults/)
    await rule(page, 'screenshot').waitFor()
    assert.equal(await page.getByText('Inherited').count(), 0)
    await page.setViewportSize({ width: 360, height: 740 })
    for (const tab of ['rules', 'holds', 'runs']) {
      await page.goto(`/storage?tab=${tab}`)
      await settled(page)
      await fits(page, `storage, ${tab}`)
      await accessible(page, `the narrow storage, ${tab}`)
      await picture(page, `narrow-storage-${tab}`)
    }
  },
}
