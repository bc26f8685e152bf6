import { Button, Modal, Select, Skeleton, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { answer, api } from '../../api/client'
import type { NewHold } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { resources, useResource } from './words'

/** The calendar is heavy, and the page does without it until here. */
const DateField = lazy(() => import('../../ui/dates/DateField'))

const FIELDS = ['resourceType', 'from', 'until', 'reason']

/** HoldForm adds a hold. */
export function HoldForm({ organizationId, onClose }: { organizationId?: number; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const resource = useResource()
  const queries = useQueryClient()
  const [hold, setHold] = useState<NewHold>({ organizationId, resourceType: 'all', reason: '' })
  const set = (part: Partial<NewHold>) => setHold({ ...hold, ...part })
  const adding = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/retention/holds', { body: hold })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['retention-holds'] })
      onClose()
    },
  })
  const { errorOf, rest } = fieldErrors(adding.error, FIELDS)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('hold.new')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <form
        className={ui.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          adding.mutate()
        }}
      >
        <Select
          label={t('resource')}
          data={['all', ...resources].map((value) => ({ value, label: resource(value) }))}
          value={hold.resourceType}
          onChange={(value) => set({ resourceType: resources.find((one) => one === value) ?? 'all' })}
          error={errorOf('resourceType')}
          allowDeselect={false}
        />
        <Suspense fallback={<Skeleton height={80} />}>
          <div className={ui.columns}>
            <DateField
              label={t('hold.from')}
              description={t('hold.open')}
              value={hold.from}
              onChange={(from) => set({ from })}
              error={errorOf('from')}
            />
            <DateField
              label={t('hold.until')}
              description={t('hold.open')}
              value={hold.until}
              onChange={(until) => set({ until })}
              error={errorOf('until')}
            />
          </div>
        </Suspense>
        <Textarea
          label={t('hold.reason')}
          description={t('hold.reason.hint')}
          required
          maxLength={500}
          autosize
          minRows={2}
          value={hold.reason}
          error={errorOf('reason')}
          onChange={(event) => set({ reason: event.currentTarget.value })}
        />
        {Boolean(rest) && <ErrorNote error={rest} />}
        <div className={ui.actions}>
          <Button type="submit" loading={adding.isPending}>
            {t('hold.add')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
