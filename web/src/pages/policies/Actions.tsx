import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { Policy } from '../../api/types'
import ui from '../../ui/ui.module.css'
import { Ask } from './Ask'
import { useTexts } from './texts'
import { useChanged } from './usePolicy'

interface Props {
  policy: Policy
  /** Told before the list is shown again, so that what is not there any more is not asked for. */
  onDeleted: () => void
}

/** Actions make a policy the default, or the default no more, and delete it. */
export function Actions({ policy, onDeleted }: Props) {
  const t = useTexts()
  const [asking, setAsking] = useState<'make' | 'drop' | 'delete'>()
  const close = () => setAsking(undefined)
  const { make, drop, remove } = useActions(policy, close, onDeleted)
  return (
    <>
      {policy.isDefault ? (
        <Button variant="default" onClick={() => setAsking('drop')}>
          {t('default.drop')}
        </Button>
      ) : (
        policy.isActive && (
          <Button variant="default" onClick={() => setAsking('make')}>
            {t('default.make')}
          </Button>
        )
      )}
      {!policy.isDefault && (
        <Button variant="default" className={ui.bad} onClick={() => setAsking('delete')}>
          {t('delete')}
        </Button>
      )}
      {asking === 'make' && (
        <Ask title={t('default.make')} action={t('default.make')} change={make} onClose={close}>
          <p>{t('default.ask')}</p>
        </Ask>
      )}
      {asking === 'drop' && (
        <Ask title={t('default.drop')} action={t('default.drop')} danger change={drop} onClose={close}>
          <p>{t('default.drop.ask')}</p>
        </Ask>
      )}
      {asking === 'delete' && (
        <Ask title={t('delete.title')} action={t('delete')} danger change={remove} onClose={close}>
          <p>{t('delete.ask', { name: policy.title })}</p>
        </Ask>
      )}
    </>
  )
}

function useActions({ id, organizationId }: Policy, onDone: () => void, onDeleted: () => void) {
  const own = useUser().organizationId
  const queries = useQueryClient()
  const [, navigate] = useLocation()
  const changed = useChanged()
  const done = async () => {
    await changed()
    onDone()
  }
  const params = { path: { id } }
  const make = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/policies/{id}/default', { params })),
    onSuccess: done,
  })
  const drop = useMutation({
    mutationFn: () =>
      answer(
        api.DELETE('/api/v2/policies/default', {
          params: { query: { organizationId: own === undefined ? organizationId : undefined } },
        }),
      ),
    onSuccess: done,
  })
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/policies/{id}', { params })),
    onSuccess: async () => {
      onDeleted()
      queries.removeQueries({ queryKey: ['policies', 'one', id] })
      await queries.invalidateQueries({ queryKey: ['policies', 'grid'] })
      navigate('/policies')
    },
  })
  return { make, drop, remove }
}
