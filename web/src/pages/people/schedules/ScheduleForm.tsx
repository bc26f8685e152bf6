import { Button, Modal, NumberInput, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../../api/client'
import type { NewSchedule, Schedule } from '../../../api/types'
import { ClockInput } from '../../../ui/ClockInput'
import { Days } from '../../../ui/days/Days'
import { ErrorNote } from '../../../ui/ErrorNote'
import { fieldErrors } from '../../../ui/form'
import { useCommon } from '../../../ui/texts'
import ui from '../../../ui/ui.module.css'
import css from '../people.module.css'
import { useTexts } from './texts'

const FIELDS = ['name', 'days', 'start', 'end', 'breakStart', 'breakEnd', 'graceMinutes']

type Values = Omit<Schedule, 'id' | 'organizationId' | 'createdAt' | 'updatedAt'>

interface Props {
  /** What is changed; nothing while one is added. */
  schedule?: Schedule
  /** Whether it is the organization's first, and so the usual one. */
  first: boolean
  organizationId?: number
  onClose: () => void
}

/** ScheduleForm makes, changes or deletes a schedule. A new one begins as most are. */
export function ScheduleForm({ schedule, first, organizationId, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const [values, setValues] = useState<Values>(() => valuesOf(schedule, first))
  const set = (part: Partial<Values>) => setValues({ ...values, ...part })
  const { save, remove } = useChanges(schedule, organizationId, onClose)
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const clock = (field: 'start' | 'end' | 'breakStart' | 'breakEnd') => ({
    label: t(field),
    value: values[field] ?? '',
    onChange: (text: string) => set({ [field]: text }),
    error: errorOf(field),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(schedule ? 'edit' : 'new')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(values)
        }}
      >
        <TextInput
          label={t('name')}
          placeholder={t('name.hint')}
          value={values.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={errorOf('name')}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Days
          label={t('days')}
          days={values.days}
          onChange={(days) => set({ days })}
          error={errorOf('days')}
        />
        <div className={css.pair}>
          <ClockInput {...clock('start')} required />
          <ClockInput {...clock('end')} required />
        </div>
        {values.end !== '' && values.end <= values.start && <p className={ui.quiet}>{t('nextDay')}</p>}
        <div className={css.pair}>
          <ClockInput {...clock('breakStart')} description={t('break.hint')} />
          <ClockInput {...clock('breakEnd')} />
        </div>
        <NumberInput
          label={t('grace')}
          value={values.graceMinutes}
          onChange={(value) => set({ graceMinutes: Number(value) || 0 })}
          error={errorOf('graceMinutes')}
          min={0}
          max={240}
          hideControls
        />
        <Switch
          label={t('default.label')}
          checked={values.isDefault}
          disabled={schedule?.isDefault}
          onChange={(event) => set({ isDefault: event.currentTarget.checked })}
        />
        <Switch
          label={t('keeps.label')}
          description={t('keeps.hint')}
          checked={values.keepsHolidays}
          onChange={(event) => set({ keepsHolidays: event.currentTarget.checked })}
        />
        {rest !== undefined && <ErrorNote error={rest} />}
        {remove.isError && <ErrorNote error={remove.error} />}
        <div className={css.formButtons}>
          <Button type="submit" loading={save.isPending}>
            {schedule ? t('save') : common('add')}
          </Button>
          {schedule && <Delete pending={remove.isPending} onDelete={() => remove.mutate()} />}
        </div>
      </form>
    </Modal>
  )
}

function Delete({ pending, onDelete }: { pending: boolean; onDelete: () => void }) {
  const t = useTexts()
  const [sure, setSure] = useState(false)
  return (
    <Button
      variant={sure ? 'filled' : 'subtle'}
      color="red"
      loading={pending}
      onClick={() => (sure ? onDelete() : setSure(true))}
    >
      {t(sure ? 'delete.sure' : 'delete')}
    </Button>
  )
}

function valuesOf(schedule: Schedule | undefined, first: boolean): Values {
  if (!schedule) {
    return {
      name: '',
      days: [1, 2, 3, 4, 5],
      start: '09:00',
      end: '18:00',
      breakStart: '13:00',
      breakEnd: '14:00',
      graceMinutes: 10,
      isDefault: first,
      keepsHolidays: true,
    }
  }
  const {
    name,
    days,
    start,
    end,
    breakStart = '',
    breakEnd = '',
    graceMinutes,
    isDefault,
    keepsHolidays,
  } = schedule
  return { name, days, start, end, breakStart, breakEnd, graceMinutes, isDefault, keepsHolidays }
}

function useChanges(schedule: Schedule | undefined, organizationId: number | undefined, onDone: () => void) {
  const queries = useQueryClient()
  const done = async () => {
    void queries.invalidateQueries({ queryKey: ['presence'] })
    await queries.invalidateQueries({ queryKey: ['schedules'] })
    onDone()
  }
  const params = { path: { id: schedule?.id ?? 0 } }
  const save = useMutation({
    mutationFn: (body: Values) =>
      schedule
        ? answer(api.PATCH('/api/v2/schedules/{id}', { params, body }))
        : answer(api.POST('/api/v2/schedules', { body: withoutEmpty({ ...body, organizationId }) })),
    onSuccess: done,
  })
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/schedules/{id}', { params })),
    onSuccess: done,
  })
  return { save, remove }
}

/** withoutEmpty leaves out what was left empty: a new schedule without a break has none. */
const withoutEmpty = ({ breakStart, breakEnd, ...rest }: NewSchedule): NewSchedule => ({
  ...rest,
  ...(breakStart && { breakStart }),
  ...(breakEnd && { breakEnd }),
})
