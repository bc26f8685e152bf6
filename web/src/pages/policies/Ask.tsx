import { Button, Modal } from '@mantine/core'
import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ErrorNote } from '../../ui/ErrorNote'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'

interface Props {
  title: string
  /** What will be, in a sentence. */
  children: ReactNode
  /** What the button is called. */
  action: string
  danger?: boolean
  change: Pick<UseMutationResult<unknown, Error, void>, 'mutate' | 'isPending' | 'error'>
  onClose: () => void
}

/** Ask asks before something is done that reaches many people. */
export function Ask({ title, children, action, danger, change, onClose }: Props) {
  const common = useCommon()
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': common('close') }}>
      <div className={ui.form}>
        {children}
        {change.error && <ErrorNote error={change.error} />}
        <div className={ui.actions}>
          <Button
            color={danger ? 'red' : undefined}
            loading={change.isPending}
            onClick={() => change.mutate()}
          >
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
