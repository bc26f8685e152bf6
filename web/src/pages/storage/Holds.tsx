import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Hold } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useActor } from '../../ui/actor'
import { ErrorNote } from '../../ui/ErrorNote'
import { Grid, type Column } from '../../ui/Grid'
import { PlusIcon } from '../../ui/icons'
import { Status } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { HoldForm } from './HoldForm'
import { useTexts } from './texts'
import { resources, useResource, useSpan } from './words'

/** Holds are what stays whatever the rules say. */
export function Holds({ organizationId, zone }: { organizationId?: number; zone: string }) {
  const t = useTexts()
  const [adding, setAdding] = useState(false)
  const [released, setReleased] = useState<Hold>()
  const columns = useColumns(zone, setReleased)
  const add = (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setAdding(true)}>
      {t('hold.new')}
    </Button>
  )
  return (
    <>
      <Grid<Hold>
        name="retention-holds"
        path="/api/v2/retention/holds"
        label={t('holds')}
        columns={columns}
        fixed={{ organizationId }}
        zone={zone}
        rowKey={({ id }) => id}
        rowProps={({ active }) => ({ 'data-hold': active ? 'active' : 'released' })}
        tools={add}
        empty={{ title: t('holds.none'), hint: t('holds.none.hint') }}
      />
      {adding && <HoldForm organizationId={organizationId} onClose={() => setAdding(false)} />}
      {released && <Release hold={released} onClose={() => setReleased(undefined)} />}
    </>
  )
}

function useColumns(zone: string, onRelease: (hold: Hold) => void): Column<Hold>[] {
  const t = useTexts()
  const language = useLanguage()
  const resource = useResource()
  const span = useSpan()
  const actor = useActor()
  const moment = (at?: string) => (at ? dateTime(Date.parse(at), zone, language) : '—')
  return [
    {
      id: 'resourceType',
      title: t('resource'),
      head: true,
      sort: true,
      filter: {
        kind: 'select',
        options: ['all', ...resources].map((value) => ({ value, label: resource(value) })),
      },
      cell: (hold) => <strong>{resource(hold.resourceType)}</strong>,
    },
    { id: 'from', title: t('hold.days'), sort: true, cell: ({ from, until }) => span(from, until) },
    {
      id: 'reason',
      title: t('hold.reason'),
      sort: true,
      filter: { kind: 'text' },
      cell: ({ reason }) => reason,
    },
    {
      id: 'active',
      title: t('hold.state'),
      sort: true,
      filter: { kind: 'bool', yes: t('hold.active'), no: t('hold.released') },
      cell: ({ active }) => (
        <Status tone={active ? 'good' : 'quiet'}>{t(active ? 'hold.active' : 'hold.released')}</Status>
      ),
    },
    {
      id: 'createdAt',
      title: t('hold.createdAt'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: ({ createdAt }) => moment(createdAt),
    },
    { id: 'createdBy', title: t('hold.createdBy'), sort: true, cell: ({ createdBy }) => actor(createdBy) },
    {
      id: 'releasedAt',
      title: t('hold.release'),
      nowrap: true,
      sort: true,
      cell: (hold) =>
        hold.active ? (
          <Button size="compact-sm" variant="default" onClick={() => onRelease(hold)}>
            {t('hold.release')}
          </Button>
        ) : (
          <>
            {moment(hold.releasedAt ?? hold.expiresAt)}
            {hold.releasedBy && <span className={ui.sub}>{actor(hold.releasedBy)}</span>}
          </>
        ),
    },
  ]
}

/** Release asks before data loses its protection. */
function Release({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const resource = useResource()
  const span = useSpan()
  const queries = useQueryClient()
  const release = useMutation({
    mutationFn: () =>
      answer(api.DELETE('/api/v2/retention/holds/{id}', { params: { path: { id: hold.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['retention-holds'] })
      onClose()
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('hold.release.title')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={ui.form}>
        <p>
          <strong>{resource(hold.resourceType)}</strong>, {span(hold.from, hold.until)}: {hold.reason}
        </p>
        <p>{t('hold.release.ask')}</p>
        {release.isError && <ErrorNote error={release.error} />}
        <div className={ui.actions}>
          <Button color="red" loading={release.isPending} onClick={() => release.mutate()}>
            {t('hold.release')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
