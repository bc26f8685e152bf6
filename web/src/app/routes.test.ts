import { expect, it } from 'vitest'
import { homeOf, marks, menuOf, sectionsOf } from './routes'

it.each(['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const)('gives %s a home and a short menu', (role) => {
  const menu = menuOf(role)
  expect(menu.length).toBeGreaterThan(0)
  expect(menu.length).toBeLessThanOrEqual(9)
  expect(homeOf(role)).toBe(menu[0]?.path)
})

it('marks the entry of the page, or of the page that leads to it', () => {
  expect(marks('policies', '/policies/7', 'ADMIN')).toBe(true)
  expect(marks('users', '/organizations', 'ADMIN')).toBe(true)
  expect(marks('users', '/storage', 'ADMIN')).toBe(true)
  expect(marks('storage', '/storage', 'HR')).toBe(true)
  expect(marks('passes', '/visitors/7', 'HR')).toBe(true)
  expect(marks('passes', '/visitors', 'GUARD')).toBe(false)
  expect(marks('visitors', '/visitors', 'GUARD')).toBe(true)
  expect(marks('users', '/usersomething', 'ADMIN')).toBe(false)
  expect(marks('people', '/policies', 'ADMIN')).toBe(false)
  expect(marks('gateways', '/devices', 'ADMIN')).toBe(true)
  expect(marks('gateways', '/devices', 'HR')).toBe(false)
  expect(marks('devices', '/devices', 'GUARD')).toBe(true)
})

it('shows a guard the doors first, and calls an entry by the only page that it leads to', () => {
  expect(menuOf('GUARD').map(({ title }) => title)).toEqual(['passes', 'visitors', 'today', 'devices'])
  expect(menuOf('HR').map(({ title }) => title)).toContain('entrance')
  expect(menuOf('HR').map(({ title }) => title)).toContain('storage')
  expect(menuOf('ADMIN').map(({ title }) => title)).toContain('equipment')
  expect(menuOf('HR').map(({ title }) => title)).toContain('gateways')
})

it('has door terminals for those only who may see them', () => {
  const reach = (['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const).filter((role) =>
    sectionsOf(role).some(({ name }) => name === 'devices'),
  )
  expect(reach).toEqual(['ADMIN', 'GUARD'])
})

it('has every page without an entry reached from one that has one', () => {
  const all = sectionsOf('ADMIN')
  for (const { within } of all) {
    if (within) expect(all.find(({ name }) => name === within)?.icon).toBeDefined()
  }
})
