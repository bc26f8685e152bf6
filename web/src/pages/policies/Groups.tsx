import { useState, type ReactNode } from 'react'
import { useZone } from '../../api/queries'
import type { PolicyGroup } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { Grid, type Column } from '../../ui/Grid'
import { Ago, Status } from '../../ui/parts'
import { GroupForm } from './GroupForm'
import { useTexts } from './texts'

const TYPES = ['WEBSITE', 'APPLICATION'] as const

interface Props {
  organizationId?: number
  /** What makes the first one. */
  make: ReactNode
  /** Whether a new one is being made. */
  making: boolean
  onMade: () => void
}

/** Groups are the sites and applications that policies call productive or not. */
export function Groups({ organizationId, make, making, onMade }: Props) {
  const t = useTexts()
  const zone = useZone(organizationId)
  const [edited, setEdited] = useState<number>()
  return (
    <>
      <Grid<PolicyGroup>
        name="policy-groups"
        path="/api/v2/policies/groups"
        label={t('groups')}
        columns={useColumns(zone)}
        fixed={{ organizationId }}
        zone={zone}
        rowKey={({ id }) => id}
        onOpen={({ id }) => setEdited(id)}
        rowProps={({ id }) => ({ 'data-group': id })}
        empty={{ title: t('groups.empty.title'), hint: t('groups.empty.hint'), action: make }}
      />
      {making && <GroupForm organizationId={organizationId} onClose={onMade} />}
      {edited !== undefined && <GroupForm key={edited} id={edited} onClose={() => setEdited(undefined)} />}
    </>
  )
}

function useColumns(zone: string): Column<PolicyGroup>[] {
  const t = useTexts()
  const language = useLanguage()
  return [
    {
      id: 'name',
      title: t('groups.name'),
      head: true,
      sort: true,
      filter: { kind: 'text' },
      cell: ({ name }) => name,
    },
    {
      id: 'type',
      title: t('type'),
      sort: true,
      filter: { kind: 'enum', chips: true, options: TYPES.map((value) => ({ value, label: t(value) })) },
      cell: ({ type }) => t(type),
    },
    {
      id: 'values',
      title: t('values'),
      sort: true,
      number: true,
      filter: { kind: 'number' },
      cell: ({ values }) => number(values, language),
    },
    {
      id: 'policies',
      title: t('inPolicies'),
      sort: true,
      number: true,
      filter: { kind: 'number' },
      cell: ({ policies }) => number(policies, language),
    },
    {
      id: 'isActive',
      title: t('state'),
      sort: true,
      filter: { kind: 'bool', yes: t('active'), no: t('inactive') },
      cell: ({ isActive }) => (
        <Status tone={isActive ? 'good' : 'quiet'}>{t(isActive ? 'active' : 'inactive')}</Status>
      ),
    },
    {
      id: 'updatedAt',
      title: t('updated'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: ({ updatedAt }) => <Ago at={updatedAt} zone={zone} />,
    },
  ]
}
