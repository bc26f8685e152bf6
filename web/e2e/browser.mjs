// What the browser tests share: a browser, a page that fails on errors, checks, pictures.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = fileURLToPath(new URL('./shots/', import.meta.url))

export const USER = process.env.E2E_USER ?? 'admin'
export const PASSWORD = process.env.E2E_PASSWORD ?? 'admin'

/** face is a photo to be uploaded. */
export const face = fileURLToPath(
  new URL('../../platform/picture/picturetest/pictures/full.jpg', import.meta.url),
)

export const launch = () =>
  chromium.launch({
    executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

/**
 * open makes a page in a fresh profile. Its faults are everything the console or the CSP complained of; a test that
 * has the server refuse something says so in page.refused.
 */
export async function open(browser, baseURL, options = {}) {
  const context = await browser.newContext({
    baseURL,
    locale: 'en-GB',
    timezoneId: 'America/New_York', // pages must show the organization's zone, never this one
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.faults = []
  page.refused = /^$/
  page.pending = new Set()
  page.on('request', (request) => {
    if (!request.url().endsWith('/api/v2/events')) page.pending.add(request) // which has no end
  })
  page.on('requestfinished', (request) => page.pending.delete(request))
  page.on('requestfailed', (request) => page.pending.delete(request))
  page.on('pageerror', (error) => page.faults.push(String(error)))
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`
    if (['error', 'warning'].includes(message.type()) && !page.refused.test(text)) page.faults.push(text)
  })
  return page
}

export async function signIn(page, password = PASSWORD, user = USER) {
  await page.locator('input[name=username]').fill(user)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
}

/** heading waits for the page of that title. */
export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

/** enter opens the page and signs in. */
export async function enter(page, path, user = USER) {
  await page.goto(path)
  await signIn(page, PASSWORD, user)
  await page.getByRole('navigation').first().waitFor()
  await settled(page)
}

/** choose opens the day of the employee that a search for her finds. */
export async function choose(page, name) {
  await page.getByRole('combobox', { name: 'Person' }).fill(name)
  await page.getByRole('option', { name }).first().click()
  await heading(page, name)
  await page.getByTestId('timeline').waitFor()
  await settled(page)
}

/** texts returns what every cell of the rows says. */
export const texts = (rows) =>
  rows.evaluateAll((all) =>
    all.map((row) => [...row.cells].map((cell) => cell.innerText.replace(/\s+/g, ' ').trim())),
  )

/** settled waits until nothing is loading. */
export async function settled(page) {
  do await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))))
  while (page.pending.size > 0)
  await page.locator('[role=status][aria-label]').first().waitFor({ state: 'detached' })
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))),
  )
}

/** accessible fails on what axe calls serious or critical. */
export async function accessible(page, where) {
  // Evaluated, not added as a script element: the CSP would refuse that.
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => window.axe.run(document))
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const text = bad.map(
    (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('\n    ')}`,
  )
  assert.equal(text.join('\n'), '', `accessibility of ${where}`)
}

/** fits fails when the page can be scrolled sideways. */
export async function fits(page, where) {
  const [content, width] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ])
  assert.ok(content <= width, `${where} is ${content} px wide on a screen of ${width} px`)
}

export async function picture(page, name) {
  if (!process.env.E2E_SHOTS) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: `${shots}${name}.png`, fullPage: true })
}
