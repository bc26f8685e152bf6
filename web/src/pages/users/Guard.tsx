import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { Account } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** Guard ends a user's sign-ins, and helps who has lost the second step. */
export function Guard({ user }: { user: Account }) {
  const t = useTexts()
  const queries = useQueryClient()
  const params = { path: { id: user.id } }
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['users'] })
  const end = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/users/{id}/sessions', { params })),
    onSuccess,
  })
  const drop = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/users/{id}/totp', { params })),
    onSuccess,
  })
  const error = end.error ?? drop.error
  return (
    <div className={`${ui.form} ${ui.apart}`}>
      <div className={ui.actions}>
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
          {t('guard.end')}
        </Button>
        {user.secondStep && (
          <Button variant="default" loading={drop.isPending} onClick={() => drop.mutate()}>
            {t('guard.drop')}
          </Button>
        )}
      </div>
      {error && <ErrorNote error={error} />}
      {(end.isSuccess || drop.isSuccess) && (
        <p role="status" className={ui.good}>
          {t(drop.isSuccess ? 'guard.dropped' : 'guard.ended')}
        </p>
      )}
    </div>
  )
}
