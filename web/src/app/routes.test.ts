import { expect, it } from 'vitest'
import { homeOf, marks, sectionsOf } from './routes'

it.each(['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const)('gives %s a home and a short menu', (role) => {
  const menu = sectionsOf(role).filter(({ icon }) => icon)
  expect(menu.length).toBeGreaterThan(0)
  expect(menu.length).toBeLessThanOrEqual(9)
  expect(homeOf(role)).toBe(menu[0]?.path)
})

it('marks the entry of the page, or of the page that leads to it', () => {
  expect(marks('policies', '/policies/7')).toBe(true)
  expect(marks('users', '/organizations')).toBe(true)
  expect(marks('users', '/usersomething')).toBe(false)
  expect(marks('people', '/policies')).toBe(false)
})

it('has every page without an entry reached from one that has one', () => {
  const all = sectionsOf('ADMIN')
  for (const { within } of all) {
    if (within) expect(all.find(({ name }) => name === within)?.icon).toBeDefined()
  }
})
