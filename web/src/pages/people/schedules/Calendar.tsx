import { ActionIcon, Button, Modal, Select, Skeleton, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { answer, api } from '../../../api/client'
import { useUser, useZone } from '../../../api/queries'
import type { CalendarDay } from '../../../api/types'
import { useLanguage, written, type Language } from '../../../i18n/i18n'
import { cyrillic } from '../../../i18n/translit'
import { day as dayText, isoDate, weekday } from '../../../lib/format'
import { ErrorNote } from '../../../ui/ErrorNote'
import { fieldErrors } from '../../../ui/form'
import { LeftIcon, PlusIcon, RightIcon } from '../../../ui/icons'
import { Card } from '../../../ui/Page'
import { Rows, useNow } from '../../../ui/parts'
import { useCommon } from '../../../ui/texts'
import ui from '../../../ui/ui.module.css'
import css from '../people.module.css'
import { useTexts } from './texts'

const DateField = lazy(() => import('../../../ui/dates/DateField'))

const KINDS = ['holiday', 'off', 'work', 'usual'] as const

/** Calendar is the holidays, days off and moved working days of a year, to which an organization adds its own. */
export function Calendar({ organizationId }: { organizationId?: number }) {
  const t = useTexts()
  const { role, organizationId: own } = useUser()
  const mayEdit = ['ADMIN', 'HR'].includes(role)
  const thisYear = Number(isoDate(useNow(), useZone(organizationId)).slice(0, 4))
  const [year, setYear] = useState(thisYear)
  const [form, setForm] = useState<Partial<CalendarDay>>()
  const query = useQuery({
    enabled: (own ?? organizationId) !== undefined, // who has no organization waits for the list of them
    queryKey: ['calendar', organizationId, year],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/schedules/calendar', { params: { query: { organizationId, year } }, signal })),
  })
  return (
    <Card
      title={t('calendar')}
      actions={
        <div className={css.controls}>
          <Step label={t('year.before')} back onClick={() => setYear(year - 1)} />
          <strong aria-live="polite">{year}</strong>
          <Step label={t('year.after')} onClick={() => setYear(year + 1)} />
          {mayEdit && (
            <Button
              size="xs"
              variant="default"
              leftSection={<PlusIcon size={14} />}
              onClick={() => setForm({ kind: 'off' })}
            >
              {t('day.new')}
            </Button>
          )}
        </div>
      }
      flush
    >
      {query.isPending && <Rows count={6} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.data && <DayTable days={query.data.items} onEnter={mayEdit ? setForm : undefined} />}
      <p className={css.note}>{t('calendar.hint')}</p>
      {form !== undefined && (
        <DayForm day={form} organizationId={organizationId} onClose={() => setForm(undefined)} />
      )}
    </Card>
  )
}

function Step({ label, back, onClick }: { label: string; back?: boolean; onClick: () => void }) {
  return (
    <ActionIcon variant="default" aria-label={label} title={label} onClick={onClick}>
      {back ? <LeftIcon size={14} /> : <RightIcon size={14} />}
    </ActionIcon>
  )
}

/** nameOf is what a day is called: by the organization, or by the law. */
function nameOf({ name, names }: Partial<CalendarDay>, language: Language): string {
  if (name) return name
  const text = names?.[written(language)] ?? ''
  return language === 'uz-Cyrl' ? cyrillic(text) : text
}

function DayTable(props: { days: CalendarDay[]; onEnter?: (day: Partial<CalendarDay>) => void }) {
  const t = useTexts()
  const language = useLanguage()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('date')}</th>
          <th>{t('name')}</th>
          <th>{t('kind')}</th>
          <th>
            <span className={ui.spoken}>{t('change')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.days.map((day) => (
          <tr key={day.date} data-day={day.date}>
            <td className={`${ui.whole} ${ui.nowrap}`}>
              {dayText(day.date, language)}, {weekday(day.date, language)}
            </td>
            <td data-label={t('name')} title={day.source}>
              <span>
                {nameOf(day, language) || '—'}
                {day.own && <span className={css.mark}>{t('own.day')}</span>}
              </span>
            </td>
            <td data-label={t('kind')}>
              {day.expected ? <em className={ui.quiet}>{t('expected')}</em> : t(`kind.${day.kind}`)}
            </td>
            <td className={`${ui.whole} ${ui.number}`}>
              {props.onEnter && <Change day={day} onEnter={props.onEnter} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Change is what can be done about a day: one of our own goes, an expected one is entered, a public one is worked. */
function Change({ day, onEnter }: { day: CalendarDay; onEnter: (day: Partial<CalendarDay>) => void }) {
  const t = useTexts()
  const done = useRefresh()
  const remove = useMutation({
    mutationFn: () =>
      answer(api.DELETE('/api/v2/schedules/calendar/{id}', { params: { path: { id: day.id ?? 0 } } })),
    onSuccess: done,
  })
  if (day.own) {
    return (
      <Button size="compact-sm" variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
        {t('day.remove')}
      </Button>
    )
  }
  const kind = day.expected ? 'holiday' : 'usual'
  return (
    <Button size="compact-sm" variant="default" onClick={() => onEnter({ date: day.date, kind })}>
      {t(day.expected ? 'day.enter' : 'change')}
    </Button>
  )
}

function useRefresh() {
  const queries = useQueryClient()
  return async () => {
    void queries.invalidateQueries({ queryKey: ['presence'] })
    await queries.invalidateQueries({ queryKey: ['calendar'] })
  }
}

interface FormProps {
  day: Partial<CalendarDay>
  organizationId?: number
  onClose: () => void
}

function DayForm({ day, organizationId, onClose }: FormProps) {
  const t = useTexts()
  const common = useCommon()
  const refresh = useRefresh()
  const [values, setValues] = useState({
    date: day.date ?? '',
    kind: day.kind ?? ('off' as const),
    name: day.name ?? '',
  })
  const save = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/schedules/calendar', { body: { ...values, organizationId } })),
    onSuccess: async () => {
      await refresh()
      onClose()
    },
  })
  const { errorOf, rest } = fieldErrors(save.error, ['date', 'kind', 'name'])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(day.date ? 'day.edit' : 'day.new')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Suspense fallback={<Skeleton height={56} />}>
          <DateField
            label={t('date')}
            value={values.date || undefined}
            onChange={(date) => date && setValues({ ...values, date })}
            error={errorOf('date')}
            required
          />
        </Suspense>
        <Select
          label={t('kind')}
          data={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
          value={values.kind}
          onChange={(kind) => setValues({ ...values, kind: (kind ?? 'off') as typeof values.kind })}
          error={errorOf('kind')}
          allowDeselect={false}
        />
        <TextInput
          label={t('name')}
          value={values.name}
          onChange={(event) => setValues({ ...values, name: event.currentTarget.value })}
          error={errorOf('name')}
        />
        {rest !== undefined && <ErrorNote error={rest} />}
        <Button type="submit" loading={save.isPending}>
          {t('save')}
        </Button>
      </form>
    </Modal>
  )
}
