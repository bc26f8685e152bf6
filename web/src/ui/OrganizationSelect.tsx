import { Select } from '@mantine/core'
import { useMemo } from 'react'
import { useOrganizations, useUser } from '../api/queries'
import type { Organization } from '../api/types'
import { idOf } from '../lib/ids'
import { useUrlState } from '../lib/urlState'
import { useCommon } from './texts'

/** useOpen are the organizations at work, the oldest first: the first is the one that the server was begun with. */
function useOpen(): Organization[] {
  const all = useOrganizations()
  return useMemo(() => all.filter(({ isActive }) => isActive).sort((a, b) => a.id - b.id), [all])
}

/**
 * useChosenOrganization is whose data a page of one organization shows: the user's own, which needs no saying; for who
 * has none the one in the address, or the first.
 */
export function useChosenOrganization(): number | undefined {
  const own = useUser().organizationId
  const organizations = useOpen()
  const [params] = useUrlState()
  if (own !== undefined) return undefined
  return idOf(params.get('organization')) ?? organizations[0]?.id
}

/** useKnowsOrganization says that it is known whose data that is: who has no organization waits for the list of them. */
export function useKnowsOrganization(): boolean {
  const own = useUser().organizationId
  const chosen = useChosenOrganization()
  return own !== undefined || chosen !== undefined
}

/** OrganizationSelect chooses it; nobody sees it who has no choice. */
export function OrganizationSelect() {
  const t = useCommon()
  const own = useUser().organizationId
  const organizations = useOpen()
  const chosen = useChosenOrganization()
  const [, change] = useUrlState()
  if (own !== undefined || organizations.length < 2) return null
  return (
    <Select
      aria-label={t('organization')}
      data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
      value={chosen === undefined ? null : String(chosen)}
      onChange={(id) =>
        change(
          { organization: id, departmentId: null, employee: null, after: null, page: null },
          { push: true },
        )
      }
      allowDeselect={false}
    />
  )
}
