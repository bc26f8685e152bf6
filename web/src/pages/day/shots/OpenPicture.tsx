import { Button, Modal, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../../api/client'
import { ApiError } from '../../../api/errors'
import type { Screenshot } from '../../../api/types'
import { useLanguage } from '../../../i18n/i18n'
import { dateTime } from '../../../lib/format'
import { ErrorNote } from '../../../ui/ErrorNote'
import { fieldErrors } from '../../../ui/form'
import { Rows } from '../../../ui/parts'
import { useCommon } from '../../../ui/texts'
import ui from '../../../ui/ui.module.css'
import css from './shots.module.css'
import { useTexts } from './texts'
import { usePicture } from '../../../api/usePicture'

/** OpenPicture asks why, which is recorded, and then shows the full screenshot. */
export function OpenPicture({
  shot,
  zone,
  onClose,
}: {
  shot: Screenshot
  zone: string
  onClose: () => void
}) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const [reason, setReason] = useState('')
  const opening = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/screenshots/{id}/open', { params: { path: { id: shot.id } }, body: { reason } }),
      ),
  })
  const { data: src, error } = usePicture(opening.data?.url, 0)
  const expired = error instanceof ApiError && error.status === 403
  const ask = !opening.data || expired
  const { errorOf, rest } = fieldErrors(opening.error, ['reason'])
  const title = [shot.employeeName, dateTime(Date.parse(shot.datetime), zone, language), shot.title]
  return (
    <Modal
      opened
      onClose={onClose}
      title={title.filter(Boolean).join(' · ')}
      size={ask ? 'md' : 'min(96vw, 110rem)'}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {ask && (
        <form
          className={ui.form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            opening.mutate()
          }}
        >
          {expired && <p role="status">{t('reason.again')}</p>}
          {Boolean(rest) && <ErrorNote error={rest} />}
          <Textarea
            data-autofocus
            label={t('reason')}
            description={t('reason.hint')}
            required
            maxLength={500}
            autosize
            minRows={2}
            value={reason}
            error={errorOf('reason')}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <div className={ui.actions}>
            <Button type="submit" loading={opening.isPending}>
              {t('open')}
            </Button>
            <Button variant="default" onClick={onClose}>
              {common('cancel')}
            </Button>
          </div>
        </form>
      )}
      {!ask && error && <ErrorNote error={error} />}
      {!ask && !error && !src && <Rows count={6} />}
      {!ask && src && <img className={css.full} src={src} alt={shot.title || t('title')} />}
    </Modal>
  )
}
