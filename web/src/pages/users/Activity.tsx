import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { Account } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useSignIns } from './SignIns'
import { useTexts } from './texts'
import css from './users.module.css'

/** Activity turns a user off, having said what comes of it, and on again. Nobody does it to oneself. */
export function Activity({ user }: { user: Account }) {
  const t = useTexts()
  const [asking, setAsking] = useState(false)
  const self = useUser().id === user.id
  const set = useActivity(user, () => setAsking(false))
  if (self) return null
  if (!user.isActive) {
    return (
      <>
        <Button variant="default" loading={set.isPending} onClick={() => set.mutate(true)}>
          {t('activate')}
        </Button>
        {set.isError && <ErrorNote error={set.error} />}
      </>
    )
  }
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t('deactivate')}
      </Button>
      {asking && <Ask user={user} set={set} onClose={() => setAsking(false)} />}
    </>
  )
}

function useActivity(user: Account, onDone: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (isActive: boolean) => {
      const params = { path: { id: user.id } }
      return isActive
        ? answer<unknown>(api.PATCH('/api/v2/users/{id}', { params, body: { isActive } }))
        : answer<unknown>(api.DELETE('/api/v2/users/{id}', { params }))
    },
    onSuccess: async () => {
      onDone()
      await queries.invalidateQueries({ queryKey: ['users'] })
    },
  })
}

interface AskProps {
  user: Account
  set: ReturnType<typeof useActivity>
  onClose: () => void
}

function Ask({ user, set, onClose }: AskProps) {
  const t = useTexts()
  const common = useCommon()
  const open = useSignIns(user).data?.items.length ?? 0
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('deactivate.title', { name: user.name })}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={ui.form}>
        <ul className={css.consequences}>
          <li>{t('deactivate.sessions', { n: open })}</li>
          <li>{t('deactivate.tokens')}</li>
          {user.role === 'DEPARTMENT_LEAD' && <li>{t('deactivate.lead')}</li>}
          <li>{t('deactivate.history')}</li>
        </ul>
        {set.isError && <ErrorNote error={set.error} />}
        <div className={ui.actions}>
          <Button color="red" loading={set.isPending} onClick={() => set.mutate(false)}>
            {t('deactivate')}
          </Button>
          <Button variant="default" onClick={onClose} data-autofocus>
            {common('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
