import { expect, it } from 'vitest'
import { homeOf, sectionsOf } from './routes'

it.each(['ADMIN', 'HR', 'DEPARTMENT_LEAD', 'GUARD'] as const)('gives %s a home and a short menu', (role) => {
  const menu = sectionsOf(role).filter(({ icon }) => icon)
  expect(menu.length).toBeGreaterThan(0)
  expect(menu.length).toBeLessThanOrEqual(9)
  expect(homeOf(role)).toBe(menu[0]?.path)
})
