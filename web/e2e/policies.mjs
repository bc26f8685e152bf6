// Policies: what is recorded of whom. Made, given, changed, brought back; refusals stand at the fields they are about.
import assert from 'node:assert/strict'
import { employee, users } from './seeded.mjs'
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const HR = users.find(({ role }) => role === 'HR').username
const TITLE = 'Buxgalteriya siyosati'
const dialog = (page) => page.getByRole('dialog')
const part = (page, name) => page.getByRole('radiogroup').getByText(name, { exact: true }).click()
const save = (page) => page.getByRole('button', { name: 'Save', exact: true }).click()
const version = (page, n) => page.locator(`tr[data-policy-version="${n}"]`)
const seconds = (page) => page.getByRole('textbox', { name: 'Seconds between screenshots' })

/** show opens the policy from the list. */
async function show(page, user) {
  await enter(page, '/policies', user)
  await page.locator('tr[data-policy]', { hasText: TITLE }).getByRole('link', { name: TITLE }).click()
  await heading(page, TITLE)
  await settled(page)
}

export const tests = {
  async 'HR groups sites, makes a policy of them, and gives it to a department'(page) {
    await enter(page, '/policies?tab=groups', HR)
    page.refused = /400/
    await page.getByRole('button', { name: 'New group' }).first().click()
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Ijtimoiy tarmoqlar')
    await dialog(page).getByRole('textbox', { name: 'Entries' }).fill('T.me\nno host\nvk.com')
    await save(page)
    await dialog(page).getByText('no host: This is not a host').waitFor()
    await settled(page)
    await accessible(page, 'a refused group')
    await picture(page, 'policy-group')
    await dialog(page).getByRole('textbox', { name: 'Entries' }).fill('T.me\nt.me\nvk.com')
    await save(page)
    await dialog(page).waitFor({ state: 'detached' })
    const group = page.locator('tr[data-group]', { hasText: 'Ijtimoiy tarmoqlar' })
    assert.deepEqual((await group.locator('td').allInnerTexts()).slice(1, 4), ['Sites', '2', '0'])

    await page.getByText('Policies', { exact: true }).last().click()
    await page.getByRole('link', { name: 'New policy' }).first().click()
    await heading(page, 'New policy')
    await page.getByRole('textbox', { name: 'Title', exact: true }).fill(TITLE)
    await page.getByRole('switch', { name: 'Screenshots', exact: true }).click()
    await page.getByRole('switch', { name: 'Only in working hours' }).click()
    await page.getByRole('textbox', { name: 'Ends' }).fill('25')
    await page.getByRole('textbox', { name: 'Sites', exact: true }).fill('a b\nbank.uz')
    await page.getByRole('combobox', { name: 'Add a group' }).click()
    await page.getByRole('option', { name: 'Ijtimoiy tarmoqlar' }).click()
    await page.getByRole('combobox', { name: 'Ijtimoiy tarmoqlar: category' }).click()
    await page.getByRole('option', { name: 'Unproductive' }).click()
    await page.getByRole('button', { name: 'Make', exact: true }).click()
    await page.getByText('A time of day looks like 09:00').waitFor()
    await page.getByText('a b: This is not a host').waitFor()
    await settled(page)
    await accessible(page, 'a refused policy')
    await picture(page, 'policy-refused')
    await page.getByRole('textbox', { name: 'Ends' }).fill('18')
    await page.getByRole('textbox', { name: 'Sites', exact: true }).fill('bank.uz')
    await page.getByRole('button', { name: 'Make', exact: true }).click()
    await heading(page, TITLE)

    await page.getByRole('combobox', { name: 'Add a department' }).click()
    await page.getByRole('option', { name: 'Buxgalteriya' }).click()
    await page.locator('[data-holder]', { hasText: 'Buxgalteriya' }).waitFor()
    await settled(page)
    await accessible(page, 'who has a policy')
    await picture(page, 'policy-holders')
    await page.goto('/people?q=nodira')
    await page.locator('tr[data-employee]').getByRole('link', { name: employee }).click()
    const card = page.getByRole('region', { name: 'Policy' })
    await card.locator('[data-effective=department]', { hasText: TITLE }).waitFor()
    await card.getByText('from Buxgalteriya').waitFor()
    await card.getByRole('listitem').filter({ hasText: 'Buxgalteriya' }).getByText('in force').waitFor()
    await picture(page, 'person-policy')
    await card.getByRole('link', { name: TITLE }).click()
    await heading(page, TITLE)
  },

  async 'HR has screens pictured more often, sees the new version, and rolls back'(page) {
    await show(page, HR)
    assert.equal(await seconds(page).inputValue(), '300')
    await seconds(page).fill('60')
    await page.getByText('There are changes that are not saved.').waitFor()
    await save(page)
    await page.getByText(/Saved: version 2|^Saved\.$/).waitFor()
    await part(page, 'Versions')
    await version(page, 2).getByText('in force').waitFor()
    await version(page, 2).getByRole('button', { name: 'Version 2: what changed' }).click()
    await page.locator('tr[data-differences="2"]').getByText('5 min → 1 min').waitFor()
    await settled(page)
    await accessible(page, 'the versions of a policy')
    await picture(page, 'policy-versions')
    await version(page, 1).getByRole('button', { name: 'Roll back to version 1' }).click()
    await dialog(page).getByText('1 min → 5 min').waitFor()
    await settled(page)
    await accessible(page, 'a roll-back')
    await picture(page, 'policy-rollback')
    await dialog(page).getByRole('button', { name: 'Roll back', exact: true }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await version(page, 3).getByText('in force').waitFor()
    await page.locator('tr[data-rollout="3"]').getByText('Rolled back').waitFor()
    await part(page, 'What it says')
    assert.equal(await seconds(page).inputValue(), '300')
    await part(page, 'Changes')
    const last = page.locator('tr[data-change]').first()
    await last.getByText('Rolled back').waitFor()
    await last.getByRole('button', { name: 'Version 3: what changed' }).click()
    await page.getByText('1 min → 5 min').waitFor()
    await settled(page)
    await accessible(page, 'the changes of a policy')
    await picture(page, 'policy-changes')
  },

  async 'a version goes to a part of the gateways, and is stopped'(page) {
    await show(page, HR)
    await seconds(page).fill('30')
    await page.getByText('To a part first', { exact: true }).click()
    await page.getByRole('textbox', { name: 'Now, percent of the gateways' }).fill('1')
    await save(page)
    const going = page.getByRole('region', { name: 'Going out' })
    await going.getByText('Version 4 is going to 1% of the gateways.').waitFor()
    await going.getByText('On the others version 3 is in force for now.').waitFor()
    assert.equal(await going.locator('[data-count=reached] dd').innerText(), '1')
    await settled(page)
    await accessible(page, 'a policy that goes out')
    await picture(page, 'policy-going')
    await going.getByRole('button', { name: 'Stop' }).click()
    await dialog(page).getByRole('button', { name: 'Stop' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await part(page, 'Versions')
    await page.locator('tr[data-rollout="4"]').getByText('stopped').waitFor()
    await version(page, 5).waitFor()
    await settled(page)
    await picture(page, 'policy-stopped')
  },

  async 'what somebody else has changed meanwhile is not overwritten'(page) {
    await show(page, HR)
    page.refused = /409/
    const other = await page.context().newPage()
    await other.goto(page.url())
    await heading(other, TITLE)
    await seconds(other).fill('90')
    await save(other)
    await other.getByText(/^Saved/).waitFor()
    await other.close()
    await seconds(page).fill('120')
    await save(page)
    await page.getByText('Somebody has changed the policy meanwhile.').waitFor()
    await settled(page)
    await accessible(page, 'a policy that somebody else has changed')
    await picture(page, 'policy-stale')
    await page.getByRole('button', { name: 'Load it' }).click()
    await page.waitForFunction(
      () => ![...document.querySelectorAll('[role=alert]')].some((note) => note.offsetParent),
    )
    assert.equal(await seconds(page).inputValue(), '90')
  },

  async 'an administrator makes it the default, and it cannot be deleted while in use'(page) {
    await show(page)
    await page.getByRole('button', { name: 'Make it the default' }).click()
    await dialog(page).getByRole('button', { name: 'Make it the default' }).click()
    await page.getByRole('button', { name: 'Have no default' }).click()
    await dialog(page).getByText('Of people without a policy everything will be recorded.').waitFor()
    await dialog(page).getByRole('button', { name: 'Have no default' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    page.refused = /409/
    await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click()
    await dialog(page)
      .getByText(/The policy is assigned: .*Buxgalteriya/)
      .waitFor()
    await picture(page, 'policy-in-use')
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Find' }).getByRole('combobox').fill('политик')
    await page.getByRole('option', { name: 'Policies' }).click()
    await heading(page, 'Policies')
  },

  async 'policies fit a phone, whatever the language and the theme'(page) {
    await show(page)
    const address = page.url()
    await page.setViewportSize({ width: 360, height: 740 })
    for (const [scheme, language] of [
      ['light', 'uz'],
      ['dark', 'ru'],
    ]) {
      await page.evaluate(
        (chosen) => Object.entries(chosen).forEach(([key, value]) => localStorage.setItem(key, value)),
        { 'mantine-color-scheme-value': scheme, 'staff-control.language': language },
      )
      for (const tab of ['content', 'holders', 'versions', 'changes']) {
        await page.goto(`${address}?tab=${tab}`)
        await heading(page, TITLE)
        await settled(page)
        await fits(page, `a policy, ${tab}, ${language}`)
        await accessible(page, `the narrow policy, ${tab}, ${language}, ${scheme}`)
        await picture(page, `narrow-policy-${tab}-${language}-${scheme}`)
      }
      await page.goto('/policies?tab=groups')
      await settled(page)
      await fits(page, 'groups')
      await picture(page, `narrow-policy-groups-${language}-${scheme}`)
    }
  },
}
