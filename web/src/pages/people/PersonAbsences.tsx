import { Button, Modal, Select, Skeleton, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { answer, api } from '../../api/client'
import { usePages, useUser, useZone } from '../../api/queries'
import type { Absence, Employee } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { day, isoDate } from '../../lib/format'
import { useAbsenceTexts } from '../../ui/absences/texts'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { PlusIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { More, Rows, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

const DateField = lazy(() => import('../../ui/dates/DateField'))

const KINDS = ['vacation', 'sick', 'trip', 'unpaid', 'study', 'maternity', 'other'] as const

/** PersonAbsences is when a person does not work, and why; the latest first. */
export function PersonAbsences({ employee }: { employee: Employee }) {
  const t = useTexts()
  const common = useCommon()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const today = isoDate(useNow(), useZone(employee.organizationId))
  const [form, setForm] = useState<Partial<Absence>>()
  const list = usePages(['absences', employee.id], (after, signal) =>
    answer(
      api.GET('/api/v2/absences', {
        params: { query: { employeeId: String(employee.id), limit: 5, after } },
        signal,
      }),
    ),
  )
  return (
    <Card
      title={t('absences')}
      actions={
        mayEdit && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<PlusIcon size={14} />}
            onClick={() => setForm({ firstDay: today, lastDay: today })}
          >
            {t('absence.new')}
          </Button>
        )
      }
    >
      {list.isPending && <Rows count={2} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && <p className={ui.quiet}>{t('absences.none')}</p>}
      <ul className={css.users}>
        {list.items.map((absence) => (
          <Item
            key={absence.id}
            absence={absence}
            now={absence.firstDay <= today && today <= absence.lastDay}
            onEdit={mayEdit ? setForm : undefined}
          />
        ))}
      </ul>
      <More list={list} />
      {form && (
        <Modal
          opened
          onClose={() => setForm(undefined)}
          title={t(form.id ? 'absence.edit' : 'absence.newTitle')}
          closeButtonProps={{ 'aria-label': common('close') }}
        >
          <AbsenceForm employeeId={employee.id} absence={form} onDone={() => setForm(undefined)} />
        </Modal>
      )}
    </Card>
  )
}

interface ItemProps {
  absence: Absence
  /** Whether today is one of its days. */
  now: boolean
  onEdit?: (absence: Absence) => void
}

function Item({ absence, now, onEdit }: ItemProps) {
  const t = useTexts()
  const said = useAbsenceTexts()
  const language = useLanguage()
  const { kind, firstDay, lastDay, reason } = absence
  const days =
    firstDay === lastDay ? day(firstDay, language) : `${day(firstDay, language)} – ${day(lastDay, language)}`
  return (
    <li className={css.absence} data-absence={kind}>
      <span>
        <strong>{said(`kind.${kind}`)}</strong>
        {now && <span className={css.mark}>{t('absence.now')}</span>}
        <span className={ui.sub}>{days}</span>
        {reason && <span className={ui.sub}>{reason}</span>}
      </span>
      {onEdit && (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`${t('edit')}: ${said(`kind.${kind}`)}, ${days}`}
          onClick={() => onEdit(absence)}
        >
          {t('edit')}
        </Button>
      )}
    </li>
  )
}

interface FormProps {
  employeeId: number
  absence: Partial<Absence>
  onDone: () => void
}

function AbsenceForm({ employeeId, absence, onDone }: FormProps) {
  const t = useTexts()
  const common = useCommon()
  const said = useAbsenceTexts()
  const refresh = useRefresh(employeeId)
  const [values, setValues] = useState({
    kind: absence.kind ?? KINDS[0],
    firstDay: absence.firstDay ?? '',
    lastDay: absence.lastDay ?? '',
    reason: absence.reason ?? '',
  })
  const save = useMutation({
    mutationFn: () => {
      const { id } = absence
      if (id === undefined) return answer(api.POST('/api/v2/absences', { body: { employeeId, ...values } }))
      return answer(api.PATCH('/api/v2/absences/{id}', { params: { path: { id } }, body: values }))
    },
    onSuccess: async () => {
      await refresh()
      onDone()
    },
  })
  const { errorOf, rest } = fieldErrors(save.error, ['kind', 'firstDay', 'lastDay', 'reason'])
  const date = (name: 'firstDay' | 'lastDay') => ({
    value: values[name],
    error: errorOf(name),
    required: true,
    onChange: (value?: string) => {
      if (value === undefined) return
      // An absence does not end before it begins: the last day goes with the first.
      const lastDay = name === 'firstDay' && values.lastDay < value ? value : values.lastDay
      setValues({ ...values, lastDay, [name]: value })
    },
  })
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Select
        label={t('absence.kind')}
        data={KINDS.map((kind) => ({ value: kind, label: said(`kind.${kind}`) }))}
        value={values.kind}
        onChange={(kind) => setValues({ ...values, kind: kind ?? values.kind })}
        error={errorOf('kind')}
        allowDeselect={false}
        data-autofocus
      />
      <div className={css.pair}>
        <Suspense fallback={<Skeleton height={56} />}>
          <DateField label={t('absence.first')} {...date('firstDay')} />
          <DateField label={t('absence.last')} {...date('lastDay')} />
        </Suspense>
      </div>
      <TextInput
        label={t('absence.reason')}
        maxLength={500}
        value={values.reason}
        onChange={(event) => setValues({ ...values, reason: event.currentTarget.value })}
        error={errorOf('reason')}
      />
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={css.formButtons}>
        <Button type="submit" loading={save.isPending}>
          {absence.id ? t('save') : common('add')}
        </Button>
        {absence.id !== undefined && <Remove id={absence.id} employeeId={employeeId} onDone={onDone} />}
      </div>
    </form>
  )
}

/** Remove asks once more before it does. */
function Remove({ id, employeeId, onDone }: { id: number; employeeId: number; onDone: () => void }) {
  const t = useTexts()
  const refresh = useRefresh(employeeId)
  const [sure, setSure] = useState(false)
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/absences/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      await refresh()
      onDone()
    },
  })
  return (
    <>
      <Button
        variant={sure ? 'filled' : 'subtle'}
        color="red"
        loading={remove.isPending}
        onClick={() => (sure ? remove.mutate() : setSure(true))}
      >
        {t(sure ? 'delete.ask' : 'delete')}
      </Button>
      {remove.isError && <ErrorNote error={remove.error} />}
    </>
  )
}

/** useRefresh reads anew what an absence changes: the list, who is missing today, and the history. */
function useRefresh(employeeId: number) {
  const queries = useQueryClient()
  return async () => {
    for (const key of ['presence', 'history']) void queries.invalidateQueries({ queryKey: [key] })
    await queries.invalidateQueries({ queryKey: ['absences', employeeId] })
  }
}
