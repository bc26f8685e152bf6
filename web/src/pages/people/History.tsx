import { useDepartmentTree } from '../../api/departments'
import { answer, api } from '../../api/client'
import { usePages } from '../../api/queries'
import type { Change } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useAbsenceTexts } from '../../ui/absences/texts'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { More, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useHistoryTexts } from './historyTexts'

interface Props {
  of: 'employees' | 'departments' | 'organizations'
  id: number
  organizationId?: number
  zone: string
}

/** History is who changed what of something, field by field, the latest first. */
export function History({ of, id, organizationId, zone }: Props) {
  const t = useHistoryTexts()
  const language = useLanguage()
  const actor = useActor()
  const list = usePages(['history', of, id], (after, signal) =>
    answer(
      api.GET(`/api/v2/${of}/{id}/history`, {
        params: { path: { id }, query: { limit: 10, after } },
        signal,
      }),
    ),
  )
  const said = useWords(organizationId)
  return (
    <>
      {list.isPending && <Rows count={3} />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{t('none')}</p>
      )}
      <ol className={css.history} aria-label={t('title')}>
        {list.items.map((change) => (
          <li key={change.id} data-change={change.action}>
            <p>
              <strong>{said.action(change)}</strong>
              <span className={ui.sub}>
                {dateTime(Date.parse(change.at), zone, language)} · {change.actorName || actor(change.actor)}
              </span>
            </p>
            {shown(change).length > 0 && (
              <ul>
                {shown(change).map(({ name, from, to }) => (
                  <li key={name}>
                    {said.field(name)}: {said.value(name, from)} → {said.value(name, to)}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
      <More list={list} />
    </>
  )
}

/** shown are the fields that tell something: not whose it is, nor where a photo is that has just been named, nor that a card is in force. */
function shown({ action, fields }: Change) {
  const dull = ['organizationId', 'employeeId']
  if (fields.some(({ name }) => name === 'photoVersion')) dull.push('photo')
  if (action.startsWith('employee.credential_')) dull.push('isActive')
  return fields.filter(({ name }) => !dull.includes(name))
}

/** useWords says actions, fields and values in words, as far as there are any. */
function useWords(organizationId?: number) {
  const t = useHistoryTexts()
  const { branches } = useDepartmentTree(organizationId)
  const absence = useAbsenceTexts() as (key: string, options?: object) => string
  const known = t as (key: string, options?: object) => string
  const named = (key: string, otherwise: string) => known(key, { defaultValue: otherwise })
  return {
    action: ({ action }: Change) => named(`action.${action}`, action),
    field: (name: string) => named(`field.${name}`, name),
    value: (name: string, value: unknown): string => {
      if (value === null || value === undefined || value === '') return '—'
      if (typeof value === 'boolean') return t(value ? 'yes' : 'no')
      if (name === 'departmentId' || name === 'parentId') {
        return branches.find(({ id }) => id === value)?.name ?? String(value as number)
      }
      if (name === 'photoVersion') return t('photo')
      if (name === 'type') return named(`type.${value as string}`, value as string)
      if (name === 'absenceKind') return absence(`kind.${value as string}`, { defaultValue: value })
      return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number)
    },
  }
}
