import { Button, SegmentedControl } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { ApiError } from '../../../api/errors'
import { applyImport, previewImport } from '../../../api/imports'
import type { ImportMetadata } from '../../../api/types'
import { ErrorNote } from '../../../ui/ErrorNote'
import { OrganizationSelect, useChosenOrganization } from '../../../ui/OrganizationSelect'
import { Card, Page } from '../../../ui/Page'
import { Rows } from '../../../ui/parts'
import ui from '../../../ui/ui.module.css'
import css from './import.module.css'
import { FilePicker, type Chosen } from './FilePicker'
import { Preview } from './Preview'
import { Templates } from './Templates'
import { useTexts } from './texts'

type Mode = ImportMetadata['mode']

/** ImportPage reads people from a spreadsheet: what would become of each row is shown first, then done whole. */
export default function ImportPage() {
  const t = useTexts()
  const organizationId = useChosenOrganization()
  const [chosen, setChosen] = useState<Chosen>()
  const [mode, setMode] = useState<Mode>('add')
  const preview = useQuery({
    queryKey: ['import', chosen?.key, mode, organizationId],
    enabled: chosen !== undefined,
    queryFn: ({ signal }) => previewImport({ mode, organizationId }, chosen!.file, signal),
    retry: false,
    gcTime: 0,
    staleTime: Infinity,
  })
  const apply = useApply(() => void preview.refetch())
  const choose = (next: Chosen) => {
    apply.reset()
    setChosen(next)
  }
  const list = organizationId === undefined ? '/people' : `/people?organization=${organizationId}`
  return (
    <Page title={t('title')} lead={<Link href={list}>{t('back')}</Link>} actions={<Templates />}>
      <OrganizationSelect />
      <Card title={t('file')}>
        <div className={ui.form}>
          <p>{t('hint')}</p>
          <FilePicker chosen={chosen} onChoose={choose} />
          <div className={css.mode}>
            <span aria-hidden="true">{t('mode')}</span>
            <SegmentedControl<Mode>
              aria-label={t('mode')}
              value={mode}
              onChange={(next) => {
                apply.reset()
                setMode(next)
              }}
              data={[
                { value: 'add', label: t('mode.add') },
                { value: 'update', label: t('mode.update') },
              ]}
            />
          </div>
        </div>
      </Card>
      {apply.isSuccess ? (
        <Done counts={apply.data} list={list} />
      ) : (
        chosen && (
          <>
            {isConflict(apply.error) && <p role="alert">{t('again')}</p>}
            {apply.isError && !isConflict(apply.error) && <ErrorNote error={apply.error} />}
            {preview.isFetching && <Rows count={6} />}
            {!preview.isFetching && preview.isError && (
              <ErrorNote error={preview.error} retry={retryOf(preview)} />
            )}
            {!preview.isFetching && preview.isSuccess && (
              <Preview
                key={preview.data.digest}
                preview={preview.data}
                writing={apply.isPending}
                onApply={() =>
                  apply.mutate({
                    metadata: { mode, organizationId, digest: preview.data.digest },
                    file: chosen.file,
                  })
                }
              />
            )}
          </>
        )
      )}
    </Page>
  )
}

const isConflict = (error: unknown) => error instanceof ApiError && error.status === 409

/** retryOf offers to ask again where that can help: what is wrong with a file stays wrong. */
const retryOf = ({ error, refetch }: { error: unknown; refetch: () => unknown }) =>
  error instanceof ApiError && error.worthRetrying ? () => void refetch() : undefined

function useApply(onConflict: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ metadata, file }: { metadata: ImportMetadata; file: File }) => applyImport(metadata, file),
    onSuccess: () => {
      for (const key of ['employees', 'employee', 'presence'])
        void queries.invalidateQueries({ queryKey: [key] })
    },
    onError: (error) => {
      if (isConflict(error)) onConflict()
    },
  })
}

function Done({ counts, list }: { counts: Awaited<ReturnType<typeof applyImport>>; list: string }) {
  const t = useTexts()
  return (
    <Card title={t('done')}>
      <div className={ui.form}>
        <p role="status">
          {t('done.text', { added: counts.new, changed: counts.changed, unchanged: counts.unchanged })}
        </p>
        <Button component={Link} href={list} className={css.fit}>
          {t('done.list')}
        </Button>
      </div>
    </Card>
  )
}
