import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useDepartmentTree, type Branch } from '../../api/departments'
import { useUser } from '../../api/queries'
import { answer, api } from '../../api/client'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { DepartmentSelect } from '../../ui/DepartmentSelect'
import { PlusIcon } from '../../ui/icons'
import { OrganizationSelect, useChosenOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { DepartmentForm } from './DepartmentForm'
import { EmployeeForm } from './EmployeeForm'
import { Employees } from './Employees'
import { Groups } from './Groups'
import css from './people.module.css'
import { Schedules } from './schedules/Schedules'
import { useTexts } from './texts'
import { Tree } from './Tree'
import { headcounts, type Headcount } from './tree'

export default function PeoplePage() {
  const t = useTexts()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const [params, change] = useUrlState()
  const asked = params.get('tab')
  const tab = asked === 'schedules' || asked === 'groups' ? asked : 'people'
  const organizationId = useChosenOrganization()
  const { branches, isPending } = useDepartmentTree(organizationId)
  const departmentId = idOf(params.get('departmentId'))
  const [form, setForm] = useState<'person' | 'department' | Branch>()
  const choose = (id: number | null) => change({ departmentId: id, after: null, page: null }, { push: true })
  const next = branches.length === 0 ? 'department' : 'person'
  const add = <Button onClick={() => setForm(next)}>{t(`new.${next}`)}</Button>
  const actions = mayEdit && tab === 'people' && (
    <>
      <Button variant="default" component={Link} href={importOf(organizationId)}>
        {t('import')}
      </Button>
      <Button variant="default" leftSection={<PlusIcon size={16} />} onClick={() => setForm('department')}>
        {t('new.department')}
      </Button>
      <Button
        leftSection={<PlusIcon size={16} />}
        onClick={() => setForm('person')}
        disabled={branches.length === 0}
        title={branches.length === 0 ? t('needs.department') : undefined}
      >
        {t('new.person')}
      </Button>
    </>
  )
  return (
    <Page title={t('title')} actions={actions}>
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t('tabs')}
          value={tab}
          onChange={(value) => change({ tab: value === 'people' ? null : value }, { push: true })}
          data={[
            { value: 'people', label: t('tab.people') },
            { value: 'groups', label: t('tab.groups') },
            { value: 'schedules', label: t('tab.schedules') },
          ]}
        />
        <OrganizationSelect />
      </div>
      {tab === 'groups' && <Groups organizationId={organizationId} />}
      {tab === 'schedules' && <Schedules organizationId={organizationId} branches={branches} />}
      {tab === 'people' && (
        <div className={css.people}>
          <Departments
            branches={branches}
            pending={isPending}
            organizationId={organizationId}
            chosen={departmentId}
            onChoose={choose}
            onEdit={mayEdit ? setForm : undefined}
          />
          <Employees
            organizationId={organizationId}
            departmentId={departmentId}
            mayEdit={mayEdit}
            add={mayEdit && add}
          />
        </div>
      )}
      <Forms
        form={form}
        organizationId={organizationId}
        departmentId={departmentId}
        onChoose={choose}
        onClose={() => setForm(undefined)}
      />
    </Page>
  )
}

const importOf = (organizationId?: number) =>
  organizationId === undefined ? '/people/import' : `/people/import?organization=${organizationId}`

interface DepartmentsProps {
  branches: Branch[]
  pending: boolean
  organizationId?: number
  chosen?: number
  onChoose: (id: number | null) => void
  onEdit?: (branch: Branch) => void
}

/** Departments is the tree beside the people; on a narrow screen a list to choose from. */
function Departments({ branches, pending, organizationId, chosen, onChoose, onEdit }: DepartmentsProps) {
  const t = useTexts()
  const { counts, total } = useHeadcounts(branches, organizationId)
  return (
    <>
      <section className={`${ui.card} ${css.side}`} aria-label={t('departments')}>
        {pending && <Rows count={6} />}
        {!pending && (
          <Tree
            branches={branches}
            counts={counts}
            total={total}
            chosen={chosen}
            onChoose={onChoose}
            onEdit={onEdit}
          />
        )}
        {!pending && branches.length === 0 && <p className={css.note}>{t('departments.none')}</p>}
      </section>
      <div className={css.sideNarrow}>
        <DepartmentSelect
          label={t('departments')}
          everyone={t('everybody')}
          organizationId={organizationId}
          value={chosen}
          onChange={onChoose}
        />
      </div>
    </>
  )
}

/** useHeadcounts counts people by department from today's presence, which knows them all and who is at work. */
function useHeadcounts(
  branches: Branch[],
  organization?: number,
): { counts: Map<number, Headcount>; total?: Headcount } {
  const query = useQuery({
    queryKey: ['presence', { organization }],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/presence/today', { params: { query: { organization } }, signal })),
    staleTime: 60_000,
  })
  const people = query.data?.people
  return useMemo(() => {
    if (!people) return { counts: new Map<number, Headcount>() }
    const here = people.filter(({ state }) => state === 'present' || state === 'away').length
    return { counts: headcounts(branches, people), total: { all: people.length, here } }
  }, [branches, people])
}

interface FormsProps {
  form?: 'person' | 'department' | Branch
  organizationId?: number
  departmentId?: number
  onChoose: (id: number | null) => void
  onClose: () => void
}

function Forms({ form, organizationId, departmentId, onChoose, onClose }: FormsProps) {
  const [, navigate] = useLocation()
  if (form === undefined) return null
  if (form === 'person') {
    return (
      <EmployeeForm
        organizationId={organizationId}
        departmentId={departmentId}
        onDone={({ id }) => navigate(`/people/${id}`)}
        onClose={onClose}
      />
    )
  }
  return (
    <DepartmentForm
      branch={form === 'department' ? undefined : form}
      parentId={departmentId}
      organizationId={organizationId}
      onDone={(id) => {
        onClose()
        onChoose(id)
      }}
      onClose={onClose}
    />
  )
}
