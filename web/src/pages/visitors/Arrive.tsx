import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { dateTime } from '../../lib/format'
import { useLanguage } from '../../i18n/i18n'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Who } from './parts'
import { useTexts } from './texts'
import type { Arrival, Code, Visit, Visitor } from './types'
import { useReread } from './useVisits'
import css from './visitors.module.css'

interface Props {
  visitor: Visitor
  /** The code that was shown; without one the visitor is let in by name. */
  code?: Code
  zone: string
  onIn: (visit: Visit) => void
}

/** Arrive says who wants to come in and to whom, and lets in by one press. */
export function Arrive({ visitor, code, zone, onIn }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const [badge, setBadge] = useState('')
  const [note, setNote] = useState('')
  const reread = useReread()
  const enter = useMutation({
    mutationFn: (body: Arrival) => answer(api.POST('/api/v2/visitors/visits', { body })),
    onSuccess: (visit) => {
      reread()
      onIn(visit)
    },
  })
  const { errorOf, rest } = fieldErrors(enter.error, ['badge', 'note'])
  const until = code?.endDate ?? visitor.expectedUntil
  return (
    <form
      className={css.arrive}
      onSubmit={(event) => {
        event.preventDefault()
        const who = code ? { code: code.code } : { visitorId: visitor.id }
        enter.mutate({ ...who, badge: badge.trim(), note: note.trim() })
      }}
    >
      <Who name={visitor.name} host={visitor.hostName} place={visitor.workPlace}>
        {until && t('until', { at: dateTime(Date.parse(until), zone, language) })}
        {code?.codeType === 'MULTIPLE' &&
          ` · ${t('uses')}: ${code.uses}${code.maxUses ? ` / ${code.maxUses}` : ''}`}
      </Who>
      <div className={css.arriveFields}>
        <TextInput
          label={t('badge')}
          size="md"
          value={badge}
          onChange={(event) => setBadge(event.currentTarget.value)}
          error={errorOf('badge')}
          maxLength={50}
          autoComplete="off"
        />
        <TextInput
          label={t('note')}
          size="md"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          error={errorOf('note')}
          autoComplete="off"
        />
      </div>
      {rest !== undefined && <ErrorNote error={rest} />}
      <Button type="submit" className={css.huge} loading={enter.isPending} autoFocus data-autofocus>
        {t('let.in')}
      </Button>
    </form>
  )
}
