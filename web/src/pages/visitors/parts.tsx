import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { answer, api } from '../../api/client'
import { ErrorNote } from '../../ui/ErrorNote'
import { Face } from '../passes/Face'
import { useTexts } from './texts'
import type { Code, Visit } from './types'
import { useReread } from './useVisits'
import css from './visitors.module.css'

/** Who is a visitor in large letters, with the host. */
export function Who(props: { name: string; host?: string; place?: string; children?: ReactNode }) {
  const t = useTexts()
  return (
    <div className={css.who}>
      <Face name={props.name} />
      <div>
        <strong className={css.whoName}>{props.name}</strong>
        <span className={css.whoHost}>
          {props.host ? t('host.to', { name: props.host }) : t('host.none')}
        </span>
        {props.place && <span>{props.place}</span>}
        {props.children && <small>{props.children}</small>}
      </div>
    </div>
  )
}

/** CheckOut ends a visit at the second press: it cannot be taken back. */
export function CheckOut({
  visit,
  huge,
  onOut,
}: {
  visit: Visit
  huge?: boolean
  onOut?: (visit: Visit) => void
}) {
  const t = useTexts()
  const [sure, setSure] = useState(false)
  const reread = useReread()
  const leave = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/visitors/visits/{id}/checkout', { params: { path: { id: visit.id } } })),
    onSuccess: (left) => {
      reread()
      onOut?.(left)
    },
  })
  return (
    <>
      <Button
        className={huge ? css.huge : css.big}
        variant={sure || huge ? 'filled' : 'default'}
        color={sure ? 'red' : undefined}
        loading={leave.isPending}
        aria-label={huge ? undefined : `${t(sure ? 'out.sure' : 'out')}: ${visit.visitorName}`}
        autoFocus={huge}
        onClick={() => (sure || huge ? leave.mutate() : setSure(true))}
        onBlur={() => setSure(false)}
      >
        {t(sure ? 'out.sure' : 'out')}
      </Button>
      {leave.isError && <ErrorNote error={leave.error} />}
    </>
  )
}

/** stateOf says how a code is at a time. */
export function stateOf(code: Code, now: number) {
  if (!code.isActive) return 'state.withdrawn'
  if (code.maxUses && code.uses >= code.maxUses) return 'state.used'
  if (Date.parse(code.endDate) < now) return 'state.expired'
  if (Date.parse(code.startDate) > now) return 'state.early'
  return 'state.usable'
}
