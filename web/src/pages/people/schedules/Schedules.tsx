import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Branch } from '../../../api/departments'
import { useUser } from '../../../api/queries'
import { useSchedules } from '../../../api/schedules'
import type { Schedule } from '../../../api/types'
import { useDays } from '../../../ui/days/words'
import { ErrorNote } from '../../../ui/ErrorNote'
import { PlusIcon } from '../../../ui/icons'
import { Card, Empty } from '../../../ui/Page'
import { Rows } from '../../../ui/parts'
import ui from '../../../ui/ui.module.css'
import css from '../people.module.css'
import { Assignments } from './Assignments'
import { Calendar } from './Calendar'
import { ScheduleForm } from './ScheduleForm'
import { useTexts } from './texts'

/** Schedules is which days and hours are worked, and by which department. */
export function Schedules({ organizationId, branches }: { organizationId?: number; branches: Branch[] }) {
  const t = useTexts()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const query = useSchedules(organizationId)
  const [form, setForm] = useState<'new' | Schedule>()
  const add = mayEdit && (
    <Button
      size="xs"
      variant={query.schedules.length === 0 ? 'filled' : 'default'}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setForm('new')}
    >
      {t('new')}
    </Button>
  )
  const none = query.isSuccess && query.schedules.length === 0
  return (
    <>
      <Card title={t('title')} actions={!none && add} flush>
        {query.isPending && <Rows count={3} />}
        {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
        {none && (
          <Empty title={t('empty.title')} hint={t(mayEdit ? 'empty.hint' : 'empty.other')}>
            {add}
          </Empty>
        )}
        {query.schedules.length > 0 && (
          <ScheduleTable schedules={query.schedules} onEdit={mayEdit ? setForm : undefined} />
        )}
      </Card>
      {query.schedules.length > 0 && branches.length > 0 && (
        <Assignments
          organizationId={organizationId}
          branches={branches}
          schedules={query.schedules}
          mayEdit={mayEdit}
        />
      )}
      <Calendar organizationId={organizationId} />
      {form !== undefined && (
        <ScheduleForm
          schedule={form === 'new' ? undefined : form}
          first={none}
          organizationId={organizationId}
          onClose={() => setForm(undefined)}
        />
      )}
    </>
  )
}

function ScheduleTable(props: { schedules: Schedule[]; onEdit?: (schedule: Schedule) => void }) {
  const t = useTexts()
  const days = useDays()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('name')}</th>
          <th>{t('days')}</th>
          <th>{t('hours')}</th>
          <th>{t('break')}</th>
          <th>{t('grace.short')}</th>
          <th>
            <span className={ui.spoken}>{t('change')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.schedules.map((schedule) => (
          <tr key={schedule.id} data-schedule={schedule.id}>
            <td className={ui.whole}>
              <strong>{schedule.name}</strong>
              {schedule.isDefault && <span className={css.mark}>{t('default')}</span>}
              {!schedule.keepsHolidays && <span className={css.mark}>{t('keeps.no')}</span>}
            </td>
            <td data-label={t('days')}>{days(schedule.days)}</td>
            <td data-label={t('hours')} className={ui.nowrap}>
              <span>
                {schedule.start}–{schedule.end}
                {schedule.end <= schedule.start && <span className={ui.sub}>{t('nextDay')}</span>}
              </span>
            </td>
            <td data-label={t('break')} className={ui.nowrap}>
              {schedule.breakStart ? `${schedule.breakStart}–${schedule.breakEnd}` : '—'}
            </td>
            <td data-label={t('grace.short')} className={ui.nowrap}>
              {t('minutes', { n: schedule.graceMinutes })}
            </td>
            <td className={`${ui.whole} ${ui.number}`}>
              {props.onEdit && (
                <Button size="compact-sm" variant="default" onClick={() => props.onEdit?.(schedule)}>
                  {t('change')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
