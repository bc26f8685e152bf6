// A server without data: each page says what to do next.
import { accessible, enter, fits, heading, picture, settled } from './browser.mjs'

const EMPTY = {
  '/today': ['Today', 'There is nobody here yet'],
  '/people': ['People', 'There are no people yet', 'New person'],
  '/passes': ['Passes', 'No passes', 'Write down a pass'],
  '/visitors?view=all': ['Visitors', 'No visitors yet', 'New visitor'],
  '/statistics': ['Statistics', 'No activity on these days'],
  '/day': ['Person’s day', 'There are no people yet', 'New person'],
  '/computers': ['Computers', 'There are no computers', 'New agent key'],
  '/policies': ['Policies', 'There are no policies', 'New policy'],
  '/policies?tab=groups': ['Policies', 'There are no groups', 'New group'],
  '/alerts': ['Alerts', 'There are no alerts'],
  '/storage?tab=holds': ['Storage', 'There are no holds'],
  '/storage?tab=runs': ['Storage', 'Nothing has gone yet'],
}

export const tests = {
  async 'a server without data says on every page what to do'(page) {
    await enter(page, '/gateways')
    await page.locator('tr[data-gateway]').getByText('Online').waitFor()
    for (const [path, [title, text, button]] of Object.entries(EMPTY)) {
      await page.goto(path)
      await heading(page, title)
      await page.getByRole('heading', { name: text }).waitFor()
      if (button)
        await page
          .getByRole('button', { name: button })
          .or(page.getByRole('link', { name: button }))
          .last()
          .waitFor()
      await settled(page)
      await accessible(page, `${path} without data`)
      await picture(page, `fresh-${path.slice(1).replace(/\W+/g, '-')}`)
    }
    await page.goto('/day?by=computer')
    await page.getByRole('heading', { name: 'There are no computers yet' }).waitFor()
    await page.goto('/nowhere')
    await heading(page, 'There is no such page')
    await page.setViewportSize({ width: 360, height: 740 })
    for (const path of Object.keys(EMPTY)) {
      await page.goto(path)
      await settled(page)
      await fits(page, `${path} without data`)
    }
  },

  async 'an agent’s key is made and shown once'(page) {
    await enter(page, '/computers')
    await page.getByRole('button', { name: 'New agent key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('What for').fill('browser test')
    await dialog.getByRole('button', { name: 'Make' }).click()
    const key = await dialog.getByTestId('secret').innerText()
    await settled(page)
    await accessible(page, 'an agent’s key')
    await picture(page, 'agent-key')
    await dialog.locator('button', { hasText: 'Close' }).click()
    await dialog.waitFor({ state: 'detached' })
    if ((await page.content()).includes(key)) throw new Error('the key is still on the page')
  },
}
