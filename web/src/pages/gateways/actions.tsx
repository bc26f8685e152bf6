import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { Gateway } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Secret } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { useOrder } from './useOrder'

/** RotateKey asks, then shows the new key once. */
export function RotateKey({
  gateway,
  zone,
  onClose,
}: {
  gateway: Gateway
  zone: string
  onClose: () => void
}) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const rotation = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/gateways/{id}/rotate-key', { params: { path: { id: gateway.id } } })),
  })
  const rotated = rotation.data
  const order = useOrder(gateway.id, onClose)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('rotate')}
      closeOnClickOutside={!rotated}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={ui.form}>
        {rotated ? (
          <>
            <Secret value={rotated.apiKey} label={t('rotate.value')} />
            <p>
              <strong>{common('once')}</strong>{' '}
              {t('rotate.until', { at: dateTime(Date.parse(rotated.overlapUntil), zone, language) })}
            </p>
            <Button variant="default" onClick={onClose}>
              {common('close')}
            </Button>
          </>
        ) : (
          <>
            <p>{t('rotate.ask', { name: gateway.name || gateway.serial })}</p>
            {rotation.isError && <ErrorNote error={rotation.error} />}
            {order.isError && <ErrorNote error={order.error} />}
            <div className={ui.actions}>
              <Button loading={order.isPending} onClick={() => order.mutate({ type: 'rotate_key' })}>
                {t('rotate.order')}
              </Button>
              <Button variant="default" loading={rotation.isPending} onClick={() => rotation.mutate()}>
                {t('rotate.show')}
              </Button>
              <Button variant="default" onClick={onClose}>
                {common('cancel')}
              </Button>
            </div>
          </>
        )}
      </div>
    </Modal>
  )
}

/** Revoke asks before a gateway loses its right to deliver. */
export function Revoke({ gateway, onClose }: { gateway: Gateway; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const queries = useQueryClient()
  const revocation = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/gateways/{id}/revoke', { params: { path: { id: gateway.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['gateways'] })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('revoke.title')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={ui.form}>
        <p>{t('revoke.ask', { name: gateway.name || gateway.serial })}</p>
        {revocation.isError && <ErrorNote error={revocation.error} />}
        <div className={ui.actions}>
          <Button color="red" loading={revocation.isPending} onClick={() => revocation.mutate()}>
            {t('revoke')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
