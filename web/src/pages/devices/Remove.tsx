import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { Device } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

interface Props {
  device: Device
  onDone: () => void
  onCancel: () => void
}

/** Remove deletes a terminal, having said what comes of it: one that has reported is turned off and stays. */
export function Remove({ device: { id, name }, onDone, onCancel }: Props) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/devices/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      onDone()
      await queries.invalidateQueries({ queryKey: ['devices'] })
    },
  })
  return (
    <div className={ui.form}>
      <p>
        <strong>{t('delete.title', { name })}</strong>
      </p>
      <p>{t('delete.hint')}</p>
      {remove.isError && <ErrorNote error={remove.error} />}
      <div className={ui.actions}>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
          {t('delete')}
        </Button>
        <Button variant="default" onClick={onCancel} data-autofocus>
          {common('cancel')}
        </Button>
      </div>
    </div>
  )
}
