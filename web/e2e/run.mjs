// Drives the served pages in headless Chromium; .ci/e2e starts the server and seeds it.
//   node e2e/run.mjs fresh         what a server without any data shows
//   node e2e/run.mjs seeded [word] what it shows of seeded.mjs; only tests with the word in their names
//   E2E_URL E2E_USER E2E_PASSWORD  the server, and an ADMIN who signs in
//   E2E_DATE                       the day of the seed
//   E2E_RECORDINGS                 whether the seed has the requests of v1's agents
//   E2E_PROVIDER                   where the server's provider of sign-ins is; without it nobody signs in there
//   E2E_SHOTS=1                    leaves a picture of every page in e2e/shots
import assert from 'node:assert/strict'
import { launch, open, picture } from './browser.mjs'

const recorded = process.env.E2E_RECORDINGS ? ['recorded'] : []
/** Two lines of files run at once where they only look at what was seeded; then, one by one, those that change it. */
const STEPS = {
  fresh: [[['fresh']]],
  seeded: [
    [['pages'], ['today', 'day', 'screenshots', 'statistics', 'grid', 'roles', ...recorded]],
    [
      [
        'gateways',
        'people',
        'import',
        'passes',
        'visitors',
        'storage',
        'computers',
        'devices',
        'policies',
        'alerts',
        'shell',
        'admin',
        'security',
      ],
    ],
  ],
}
const [stage, word = ''] = process.argv.slice(2)

const browser = await launch()
let failed = 0
for (const lines of STEPS[stage]) await Promise.all(lines.map(one))
await browser.close()
process.exit(failed > 0 ? 1 : 0)

async function one(files) {
  for (const file of files) {
    const { tests } = await import(`./${file}.mjs`)
    for (const [name, test] of Object.entries(tests)) {
      if (name.includes(word)) await run(name, test)
    }
  }
}

async function run(name, test) {
  const page = await open(browser, process.env.E2E_URL)
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
