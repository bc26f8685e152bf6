import { Select } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Branch } from '../../../api/departments'
import { answer, api } from '../../../api/client'
import { useAssignments } from '../../../api/schedules'
import type { Assignment, Schedule } from '../../../api/types'
import { ErrorNote } from '../../../ui/ErrorNote'
import { Card } from '../../../ui/Page'
import { Rows } from '../../../ui/parts'
import ui from '../../../ui/ui.module.css'
import css from '../people.module.css'
import { effectiveOf, type Effective } from '../tree'
import { useTexts } from './texts'

const INHERIT = 'inherit'

interface Props {
  organizationId?: number
  branches: Branch[]
  schedules: Schedule[]
  mayEdit: boolean
}

/** Assignments says by which schedule each department works: its own, or the one that it inherits. */
export function Assignments({ organizationId, branches, schedules, mayEdit }: Props) {
  const t = useTexts()
  const query = useAssignments(organizationId)
  return (
    <Card title={t('assignments')} flush>
      {query.isPending && <Rows count={3} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && (
        <table className={`${ui.table} ${css.assignments}`}>
          <thead>
            <tr>
              <th>{t('department')}</th>
              <th>{t('schedule')}</th>
            </tr>
          </thead>
          <tbody>
            {branches.map((branch) => (
              <Row
                key={branch.id}
                branch={branch}
                branches={branches}
                schedules={schedules}
                assignments={query.assignments}
                mayEdit={mayEdit}
              />
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}

function Row(props: Props & { branch: Branch; assignments: Assignment[] }) {
  const { branch, branches, schedules, assignments, mayEdit } = props
  const t = useTexts()
  const inherited = useInherited()
  const queries = useQueryClient()
  const assign = useMutation({
    mutationFn: (scheduleId: number | null) =>
      answer(api.PUT('/api/v2/schedules/assignments', { body: { departmentId: branch.id, scheduleId } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['presence'] })
      return queries.invalidateQueries({ queryKey: ['schedules', 'assignments'] })
    },
  })
  const now = effectiveOf(branch, branches, assignments, schedules)
  const without = assignments.filter(({ departmentId }) => departmentId !== branch.id)
  const otherwise = inherited(effectiveOf(branch, branches, without, schedules))
  return (
    <tr data-department={branch.id}>
      <td style={{ paddingLeft: `${1 + branch.depth}rem` }}>{branch.name}</td>
      <td>
        {mayEdit ? (
          <Select
            className={css.assign}
            aria-label={t('scheduleOf', { name: branch.name })}
            data={[
              { value: INHERIT, label: otherwise },
              ...schedules.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            value={now.from === 'own' ? String(now.schedule?.id) : INHERIT}
            onChange={(value) => assign.mutate(value === INHERIT ? null : Number(value))}
            disabled={assign.isPending}
            allowDeselect={false}
          />
        ) : (
          <>
            {now.from === 'own' ? now.schedule?.name : otherwise}
            {now.from === 'own' && <span className={css.mark}>{t('own')}</span>}
          </>
        )}
        {assign.isError && <ErrorNote error={assign.error} />}
      </td>
    </tr>
  )
}

/** useInherited says what a department works by when it has no schedule of its own, and from where. */
function useInherited(): (effective: Effective) => string {
  const t = useTexts()
  return ({ schedule, from, over }) => {
    if (!schedule) return t('inherit.none')
    if (from === 'over') return t('inherit.over', { name: schedule.name, department: over?.name })
    return t('inherit.default', { name: schedule.name })
  }
}
