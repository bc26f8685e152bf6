import { lazy, type ComponentType } from 'react'
import type { Role } from '../api/types'
import { AlertIcon, ComputerIcon, DayIcon, GatewayIcon } from '../ui/icons'

interface Section {
  name: 'gateways' | 'day' | 'computers' | 'alerts'
  path: string
  roles: Role[]
  icon: ComponentType<{ size?: number }>
  page: ComponentType
}

/** The sections of the menu: at most seven for any role. The server decides what a role may read; this only hides. */
const sections: Section[] = [
  {
    name: 'day',
    path: '/day',
    roles: ['ADMIN', 'HR', 'DEPARTMENT_LEAD'],
    icon: DayIcon,
    page: lazy(() => import('../pages/day/DayPage')),
  },
  {
    name: 'computers',
    path: '/computers',
    roles: ['ADMIN', 'HR', 'DEPARTMENT_LEAD'],
    icon: ComputerIcon,
    page: lazy(() => import('../pages/computers/ComputersPage')),
  },
  {
    name: 'gateways',
    path: '/gateways',
    roles: ['ADMIN', 'HR'],
    icon: GatewayIcon,
    page: lazy(() => import('../pages/gateways/GatewaysPage')),
  },
  {
    name: 'alerts',
    path: '/alerts',
    roles: ['ADMIN', 'HR'],
    icon: AlertIcon,
    page: lazy(() => import('../pages/alerts/AlertsPage')),
  },
]

export const sectionsOf = (role: Role): Section[] => sections.filter(({ roles }) => roles.includes(role))

/** The first page after signing in: the system's health for an administrator, people's days for the others. */
export const homeOf = (role: Role): string | undefined =>
  role === 'ADMIN' ? '/gateways' : sectionsOf(role)[0]?.path
