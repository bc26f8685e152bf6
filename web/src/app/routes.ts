import { lazy, type ComponentType } from 'react'
import type { Role } from '../api/types'
import {
  AlertIcon,
  ComputerIcon,
  DoorIcon,
  GatewayIcon,
  PeopleIcon,
  PolicyIcon,
  StatisticsIcon,
  StorageIcon,
  TerminalIcon,
  TodayIcon,
  UserIcon,
  VisitorIcon,
} from '../ui/icons'

export type SectionName =
  | 'today'
  | 'passes'
  | 'visitors'
  | 'people'
  | 'statistics'
  | 'day'
  | 'computers'
  | 'policies'
  | 'gateways'
  | 'devices'
  | 'alerts'
  | 'storage'
  | 'organizations'
  | 'users'
  | 'access'
  | 'security'

interface Section {
  name: SectionName
  path: string
  roles: Role[]
  page: ComponentType
  /** Of the menu's entry; a page without one is reached from others. */
  icon?: ComponentType<{ size?: number }>
  /** The page whose entry in the menu stands for this one, too. */
  within?: SectionName
  /** The roles in whose menu it has its own entry all the same. */
  alone?: Role[]
  /** What the entry is called where it stands for several pages. */
  entry?: 'administration' | 'entrance' | 'equipment'
  /** The roles whose menu begins with it, wherever it stands in the list. */
  first?: Role[]
}

const LEADING: Role[] = ['ADMIN', 'HR', 'DEPARTMENT_LEAD']

/** The pages, in the menu's order: at most nine entries for any role. The server decides what a role may read; this only hides. */
const sections: Section[] = [
  {
    name: 'today',
    path: '/today',
    roles: [...LEADING, 'GUARD'],
    icon: TodayIcon,
    page: lazy(() => import('../pages/today/TodayPage')),
  },
  {
    name: 'passes',
    path: '/passes',
    roles: [...LEADING, 'GUARD'],
    icon: DoorIcon,
    entry: 'entrance',
    first: ['GUARD'],
    page: lazy(() => import('../pages/passes/PassesPage')),
  },
  {
    name: 'visitors',
    path: '/visitors',
    roles: [...LEADING, 'GUARD'],
    icon: VisitorIcon,
    within: 'passes',
    alone: ['DEPARTMENT_LEAD', 'GUARD'],
    first: ['GUARD'],
    page: lazy(() => import('../pages/visitors/VisitorsPage')),
  },
  {
    name: 'people',
    path: '/people',
    roles: LEADING,
    icon: PeopleIcon,
    page: lazy(() => import('../pages/people/PeoplePage')),
  },
  {
    name: 'statistics',
    path: '/statistics',
    roles: LEADING,
    icon: StatisticsIcon,
    page: lazy(() => import('../pages/statistics/StatisticsPage')),
  },
  {
    name: 'day',
    path: '/day',
    roles: LEADING,
    page: lazy(() => import('../pages/day/DayPage')),
  },
  {
    name: 'computers',
    path: '/computers',
    roles: LEADING,
    icon: ComputerIcon,
    page: lazy(() => import('../pages/computers/ComputersPage')),
  },
  {
    name: 'policies',
    path: '/policies',
    roles: ['ADMIN', 'HR'],
    icon: PolicyIcon,
    page: lazy(() => import('../pages/policies/PoliciesPage')),
  },
  {
    name: 'gateways',
    path: '/gateways',
    roles: ['ADMIN', 'HR'],
    icon: GatewayIcon,
    entry: 'equipment',
    page: lazy(() => import('../pages/gateways/GatewaysPage')),
  },
  {
    name: 'devices',
    path: '/devices',
    roles: ['ADMIN', 'GUARD'],
    icon: TerminalIcon,
    within: 'gateways',
    alone: ['GUARD'],
    page: lazy(() => import('../pages/devices/DevicesPage')),
  },
  {
    name: 'alerts',
    path: '/alerts',
    roles: ['ADMIN', 'HR'],
    icon: AlertIcon,
    page: lazy(() => import('../pages/alerts/AlertsPage')),
  },
  {
    name: 'storage',
    path: '/storage',
    roles: ['ADMIN', 'HR'],
    icon: StorageIcon,
    within: 'users',
    alone: ['HR'],
    page: lazy(() => import('../pages/storage/StoragePage')),
  },
  {
    name: 'users',
    path: '/users',
    roles: ['ADMIN'],
    icon: UserIcon,
    entry: 'administration',
    page: lazy(() => import('../pages/users/UsersPage')),
  },
  {
    name: 'organizations',
    path: '/organizations',
    roles: ['ADMIN'],
    within: 'users',
    page: lazy(() => import('../pages/organizations/OrganizationsPage')),
  },
  {
    name: 'access',
    path: '/access',
    roles: ['ADMIN'],
    within: 'users',
    page: lazy(() => import('../pages/access/AccessPage')),
  },
  {
    name: 'security',
    path: '/security',
    roles: [...LEADING, 'GUARD'],
    page: lazy(() => import('../pages/security/SecurityPage')),
  },
]

interface Detail {
  /** The section that it belongs to, which the menu marks. */
  of: SectionName
  path: string
  page: ComponentType
}

/** The pages that sections lead to: mostly of one thing each. What has a name of its own stands before what has an id. */
const details: Detail[] = [
  { of: 'people', path: '/people/import', page: lazy(() => import('../pages/people/import/ImportPage')) },
  { of: 'visitors', path: '/visitors/:id', page: lazy(() => import('../pages/visitors/VisitorPage')) },
  { of: 'people', path: '/people/:id', page: lazy(() => import('../pages/people/PersonPage')) },
  { of: 'policies', path: '/policies/:id', page: lazy(() => import('../pages/policies/PolicyPage')) },
  { of: 'users', path: '/users/:id', page: lazy(() => import('../pages/users/UserPage')) },
  { of: 'computers', path: '/computers/:id', page: lazy(() => import('../pages/computers/ComputerPage')) },
]

/** detailsOf are the details of the sections that a role has. */
export const detailsOf = (role: Role): Detail[] =>
  details.filter(({ of }) => sectionsOf(role).some(({ name }) => name === of))

export const sectionsOf = (role: Role): Section[] =>
  sections
    .filter(({ roles }) => roles.includes(role))
    .sort((a, b) => Number(b.first?.includes(role) ?? false) - Number(a.first?.includes(role) ?? false))

/** hostOf is the section whose entry stands for this one in the role's menu; itself if it has its own. */
const hostOf = ({ name, within, alone }: Section, role: Role): SectionName =>
  within === undefined || alone?.includes(role) ? name : within

/** menuOf are the sections with an entry in the role's menu, and what each entry is called. */
export const menuOf = (role: Role) =>
  sectionsOf(role)
    .filter((section) => section.icon && hostOf(section, role) === section.name)
    .map((section) => ({
      ...section,
      title: sectionsOf(role).some((other) => other !== section && hostOf(other, role) === section.name)
        ? (section.entry ?? section.name)
        : section.name,
    }))

/** marks says whether the entry of the role's menu stands for the page at the address. */
export const marks = (entry: SectionName, address: string, role: Role): boolean =>
  sectionsOf(role).some(
    (section) =>
      hostOf(section, role) === entry && (address === section.path || address.startsWith(`${section.path}/`)),
  )

/** The first page after signing in. */
export const homeOf = (role: Role): string | undefined => sectionsOf(role)[0]?.path
