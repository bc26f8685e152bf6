import { Button, Checkbox } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Account } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { Issued } from './Issued'
import { PasswordField } from './PasswordField'
import { useTexts } from './texts'

/** ResetPassword gives a user another password, and shows it this once. */
export function ResetPassword({ user }: { user: Account }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const [open, setOpen] = useState(false)
  const [password, setPassword] = useState('')
  const [must, setMust] = useState(true)
  const reset = useMutation({
    mutationFn: () =>
      answer(
        api.PATCH('/api/v2/users/{id}', {
          params: { path: { id: user.id } },
          body: { password, mustChangePassword: must },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['users'] }),
  })
  const leave = () => {
    setOpen(false)
    setPassword('')
    reset.reset()
  }
  const { errorOf, rest } = fieldErrors(reset.error, ['password'])
  if (!open) {
    return (
      <div className={ui.apart}>
        <Button variant="default" onClick={() => setOpen(true)}>
          {t('password.reset')}
        </Button>
      </div>
    )
  }
  if (reset.isSuccess) {
    return (
      <div className={`${ui.form} ${ui.apart}`}>
        <p role="status" className={ui.good}>
          {t('password.done')}
        </p>
        <Issued username={user.username} password={password} onClose={leave} />
      </div>
    )
  }
  return (
    <form
      className={`${ui.form} ${ui.apart}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        reset.mutate()
      }}
    >
      <h3>{t('password.reset')}</h3>
      <p className={ui.quiet}>{t('password.hint')}</p>
      <PasswordField
        label={t('password.new')}
        value={password}
        onChange={setPassword}
        error={errorOf('password')}
      />
      <Checkbox
        label={t('password.must')}
        checked={must}
        onChange={(event) => setMust(event.currentTarget.checked)}
      />
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={ui.actions}>
        <Button type="submit" loading={reset.isPending}>
          {t('password.reset')}
        </Button>
        <Button variant="default" onClick={leave}>
          {common('cancel')}
        </Button>
      </div>
    </form>
  )
}
