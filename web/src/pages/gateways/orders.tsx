import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { answer, api } from '../../api/client'
import type { Gateway } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { useOrder } from './useOrder'

interface Props {
  gateway: Gateway
  onClose: () => void
}

/** Restart asks before a gateway's agents restart. */
export function Restart({ gateway, onClose }: Props) {
  const t = useTexts()
  const [reason, setReason] = useState('')
  const order = useOrder(gateway.id, onClose)
  const restart = () =>
    order.mutate({ type: 'restart_agent', payload: reason.trim() ? { reason: reason.trim() } : {} })
  return (
    <Frame {...{ gateway, onClose, order }} title={t('restart')} onOrder={restart}>
      <p>{t('restart.ask', { name: gateway.name || gateway.serial })}</p>
      <TextInput
        label={t('restart.reason')}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Frame>
  )
}

const NEWEST = 'newest'

/** Update asks to which version a gateway goes. */
export function Update({ gateway, onClose }: Props) {
  const t = useTexts()
  const [version, setVersion] = useState(NEWEST)
  const order = useOrder(gateway.id, onClose)
  const releases = useQuery({
    queryKey: ['releases'],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/releases', { signal })),
  })
  const update = () => order.mutate({ type: 'update', payload: version === NEWEST ? {} : { version } })
  const versions = [...new Set(releases.data?.items.map((release) => release.version))]
  return (
    <Frame {...{ gateway, onClose, order }} title={t('update.title')} action={t('update')} onOrder={update}>
      <p>{t('update.ask', { version: gateway.version || '—' })}</p>
      {releases.isPending && <Rows count={1} />}
      {releases.isError && <ErrorNote error={releases.error} retry={() => void releases.refetch()} />}
      {releases.isSuccess && versions.length === 0 && <p className={ui.warn}>{t('update.none')}</p>}
      {versions.length > 0 && (
        <Select
          label={t('update.to')}
          data={[
            { value: NEWEST, label: t('update.newest') },
            ...versions.map((value) => ({ value, label: value })),
          ]}
          value={version}
          onChange={(value) => setVersion(value ?? NEWEST)}
          allowDeselect={false}
        />
      )}
    </Frame>
  )
}

interface FrameProps extends Props {
  title: string
  action?: string
  order: ReturnType<typeof useOrder>
  onOrder: () => void
  children: ReactNode
}

function Frame({ gateway, title, action = title, order, onOrder, onClose, children }: FrameProps) {
  const t = useTexts()
  const common = useCommon()
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': common('close') }}>
      <div className={ui.form}>
        {children}
        {gateway.status === 'offline' && <p className={ui.quiet}>{t('command.waits')}</p>}
        {order.isError && <ErrorNote error={order.error} />}
        <div className={ui.actions}>
          <Button loading={order.isPending} onClick={onOrder}>
            {action}
          </Button>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
