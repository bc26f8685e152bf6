// What v1's agents really sent, on the page. Each request came twice, and many tell of the same moment: of windows at
// one moment the day has one.
import assert from 'node:assert/strict'
import { recorded } from './seeded.mjs'
import { accessible, enter, heading, picture, settled, texts } from './browser.mjs'

export const tests = {
  async 'the day of v1’s recordings shows what its agents sent, once'(page) {
    await enter(page, `/day?computer=${recorded.uid}&date=${recorded.date}&view=table`)
    await heading(page, recorded.uid)
    await page.locator('tr[data-lane]').first().waitFor()
    const rowsOf = (lane) => texts(page.locator(`tr[data-lane=${lane}]`))
    const windows = await rowsOf('window')
    const sites = await rowsOf('web')
    const pieces = (rows) => rows.map(([from, to, , , what]) => [from, to, what])
    assert.deepEqual(pieces(windows), recorded.windows)
    assert.deepEqual(pieces(sites), recorded.sites)
    assert.deepEqual(pieces(await rowsOf('session')), recorded.sessions)
    const [titled] = windows.filter(([, , , , , detail]) => detail === 'main.go — Code')
    assert.deepEqual(titled, windows[0])
    assert.equal(sites[0][5], 'Kun.uz — https://kun.uz/1')
    assert.ok([...windows, ...sites].every((cells) => cells[6] === recorded.uid))
    for (const [title, name] of [
      ['Top applications', 'Code.exe'],
      ['Top sites', 'kun.uz'],
    ]) {
      const top = await texts(page.getByRole('region', { name: title }).locator('tbody tr'))
      assert.deepEqual(
        top.map(([what]) => what),
        [name],
      )
    }
    await settled(page)
    await accessible(page, 'the day of v1’s recordings')
    await picture(page, 'day-recorded')
  },
}
