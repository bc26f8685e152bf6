import { useDebouncedValue } from '@mantine/hooks'
import { useMantineColorScheme } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { answer, api, signOut } from '../../api/client'
import { useDepartmentTree } from '../../api/departments'
import type { User } from '../../api/types'
import { i18n, languages } from '../../i18n/i18n'
import { fold } from '../../lib/fold'
import { LANGUAGES, speak } from '../language'
import { sectionsOf } from '../routes'
import { useShell } from '../texts'

/** An Entry is something that the palette leads to or does. */
export interface Entry {
  group: string
  id: string
  label: string
  note?: string
  run: () => void
  /** Under what other words it is found: the same thing in the other languages. */
  known?: string
}

const FOUND = 6
const TYPING_MS = 150

/** inEveryLanguage is a text of the shell as all languages have it, for who thinks in another than the page's. */
const inEveryLanguage = (key: string) => languages.map((code) => i18n.getFixedT(code, 'shell')(key)).join(' ')

/** useEntries returns what fits the words: pages and actions of this page, people and computers of the server. */
export function useEntries(
  user: User,
  typed: string,
  onKeys: () => void,
): { entries: Entry[]; busy: boolean } {
  const words = typed.trim()
  const [asked] = useDebouncedValue(words, TYPING_MS)
  const pages = usePages(user)
  const actions = useActions(onKeys)
  const found = useFound(user, asked)
  const departments = useDepartments()
  const fits = ({ label, known = '' }: Entry) => fold(`${label} ${known}`).includes(fold(words))
  return {
    entries: [
      ...pages.filter(fits),
      ...(words ? [...found.entries, ...departments.filter(fits).slice(0, FOUND)] : []),
      ...actions.filter(fits),
    ],
    busy: words !== '' && (found.busy || asked !== words),
  }
}

function usePages(user: User): Entry[] {
  const t = useShell()
  const [, navigate] = useLocation()
  return sectionsOf(user.role).map(({ name, path }) => ({
    group: t('palette.pages'),
    id: path,
    label: t(name),
    known: inEveryLanguage(name),
    run: () => navigate(path),
  }))
}

function useDepartments(): Entry[] {
  const t = useShell()
  const [, navigate] = useLocation()
  return useDepartmentTree().branches.map(({ id, name }) => ({
    group: t('palette.departments'),
    id: `department-${id}`,
    label: name,
    run: () => navigate(`/people?departmentId=${id}`),
  }))
}

function useActions(onKeys: () => void): Entry[] {
  const t = useShell()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const group = t('palette.actions')
  const schemes = (['light', 'dark', 'auto'] as const).map((scheme) => ({
    group,
    id: `scheme-${scheme}`,
    label: `${t('scheme')}: ${t(`scheme.${scheme}`)}`,
    known: inEveryLanguage('scheme') + inEveryLanguage(`scheme.${scheme}`),
    run: () => setColorScheme(scheme),
  }))
  const tongues = LANGUAGES.map(({ code, name }) => ({
    group,
    id: `language-${code}`,
    label: `${t('language')}: ${name}`,
    known: inEveryLanguage('language'),
    run: () => speak(code),
  }))
  const out = () => void signOut().catch(() => undefined)
  return [
    ...tongues,
    ...schemes,
    { group, id: 'keys', label: t('keys'), known: inEveryLanguage('keys'), run: onKeys },
    { group, id: 'out', label: t('signOut'), known: inEveryLanguage('signOut'), run: out },
  ]
}

/** useFound asks the server, which knows names in both scripts. */
function useFound(user: User, search: string): { entries: Entry[]; busy: boolean } {
  const t = useShell()
  const [, navigate] = useLocation()
  const enabled = search !== '' && user.role !== 'GUARD'
  const params = { query: { search, limit: FOUND } }
  const people = useQuery({
    queryKey: ['employees', 'palette', search],
    enabled,
    queryFn: ({ signal }) => answer(api.GET('/api/v2/employees', { params, signal })),
    placeholderData: keepPreviousData,
  })
  const computers = useQuery({
    queryKey: ['computers', 'palette', search],
    enabled,
    queryFn: ({ signal }) => answer(api.GET('/api/v2/computers', { params, signal })),
    placeholderData: keepPreviousData,
  })
  if (!enabled) return { entries: [], busy: false }
  const persons = (people.data?.items ?? []).map(({ id, name, departmentName }) => ({
    group: t('palette.people'),
    id: `person-${id}`,
    label: name,
    note: departmentName,
    run: () => navigate(`/day?employee=${id}`),
  }))
  const machines = (computers.data?.items ?? []).map(({ id, computerUid, name }) => ({
    group: t('palette.computers'),
    id: `computer-${id}`,
    label: name || computerUid,
    note: name ? computerUid : undefined,
    run: () => navigate(`/computers/${id}`),
  }))
  return { entries: [...persons, ...machines], busy: people.isFetching || computers.isFetching }
}
