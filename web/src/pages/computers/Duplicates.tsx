import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useUser, useZone } from '../../api/queries'
import { answer, api } from '../../api/client'
import { ErrorNote } from '../../ui/ErrorNote'
import { CopyIcon } from '../../ui/icons'
import { Ago, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './computers.module.css'
import { useTexts } from './texts'
import { nameOf, type Computer, type Duplicate } from './types'

/** useDuplicates reads which computers look like one; those who may not merge have no use for it. */
function useDuplicates() {
  const mayMerge = ['ADMIN', 'HR'].includes(useUser().role)
  const query = useQuery({
    queryKey: ['computers', 'duplicates'],
    enabled: mayMerge,
    queryFn: ({ signal }) => answer(api.GET('/api/v2/computers/duplicates', { signal })),
    staleTime: 60_000,
    refetchOnWindowFocus: false, // which would take the way to undo a merge away
  })
  // What another page read before a merge is not true any more.
  if (query.isFetching && !query.isFetchedAfterMount) return []
  return query.data?.items ?? []
}

/** Duplicates says which computers look like one that was set up anew, and makes one of them; of one computer, its own. */
export function Duplicates({ of }: { of?: number }) {
  const all = useDuplicates()
  const shown = of === undefined ? all : all.filter(({ computers }) => computers.some(({ id }) => id === of))
  return shown.map((duplicate) => (
    <Group key={duplicate.computers.map(({ id }) => id).join()} duplicate={duplicate} />
  ))
}

const byLastSeen = (a: Computer, b: Computer) => (b.lastSeenAt ?? '').localeCompare(a.lastSeenAt ?? '')

function Group({ duplicate }: { duplicate: Duplicate }) {
  const t = useTexts()
  const [merged, setMerged] = useState<{ from: Computer[]; into: Computer }>()
  const queries = useQueryClient()
  const [latest, ...others] = [...duplicate.computers].sort(byLastSeen)
  const change = useMutation({
    mutationFn: async (into: Computer | undefined) => {
      const from = into ? duplicate.computers.filter(({ id }) => id !== into.id) : (merged?.from ?? [])
      for (const { id } of from) await setTarget(id, into?.id)
      return into && { from, into }
    },
    onSuccess: (done) => {
      setMerged(done)
      void queries.invalidateQueries({ queryKey: ['computers', 'grid'] })
      void queries.invalidateQueries({ queryKey: ['computer'] })
      void queries.invalidateQueries({ queryKey: ['computer-users'] })
      // Read anew by the next page only: this one still shows what was done, and how to undo it.
      void queries.invalidateQueries({ queryKey: ['computers', 'duplicates'], refetchType: 'none' })
    },
  })
  if (!latest || others.length === 0) return null
  return (
    <section className={css.duplicate} aria-label={t('duplicate')} data-duplicate={duplicate.reason}>
      <CopyIcon size={18} />
      <div>
        {merged ? (
          <Status tone="good">{t('merged', { name: nameOf(merged.into) })}</Status>
        ) : (
          <>
            <strong>{t(`duplicate.${duplicate.reason}`)}</strong>
            <ul className={css.same}>
              {[latest, ...others].map((computer) => (
                <Same key={computer.id} computer={computer} />
              ))}
            </ul>
          </>
        )}
        {change.isError && <ErrorNote error={change.error} />}
      </div>
      <div className={css.duplicateButtons}>
        {merged && (
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate(undefined)}
          >
            {t('undo')}
          </Button>
        )}
        {!merged && (
          <Button size="xs" loading={change.isPending} onClick={() => change.mutate(latest)}>
            {t('merge', { name: nameOf(latest) })}
          </Button>
        )}
      </div>
    </section>
  )
}

function Same({ computer }: { computer: Computer }) {
  const t = useTexts()
  const zone = useZone()
  return (
    <li>
      {nameOf(computer)}{' '}
      <span className={ui.quiet}>
        {computer.computerUid !== nameOf(computer) && `${computer.computerUid} · `}
        {computer.macAddress && `${computer.macAddress} · `}
        {t('seen')}: <Ago at={computer.lastSeenAt} zone={zone} />
      </span>
    </li>
  )
}

/** setTarget makes a computer another one, or itself again. */
export function setTarget(id: number, into: number | undefined): Promise<unknown> {
  const params = { path: { id } }
  if (into === undefined) return answer(api.POST('/api/v2/computers/{id}/split', { params }))
  return answer(api.POST('/api/v2/computers/{id}/merge', { params, body: { into } }))
}
