import { useQuery } from '@tanstack/react-query'
import { Fragment } from 'react'
import { answer, api } from '../../api/client'
import type { FieldChange } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import { useTexts } from './texts'
import { useChange } from './words'

interface Props {
  id: number
  from: number
  to: number
}

/** Differences are what one version says otherwise than another, in words. */
export function Differences({ id, from, to }: Props) {
  const t = useTexts()
  const query = useQuery({
    queryKey: ['policies', 'diff', id, from, to],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/policies/{id}/diff', { params: { path: { id }, query: { from, to } }, signal }),
      ),
    staleTime: Infinity, // versions do not change
  })
  if (query.isError) return <ErrorNote error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Rows count={2} />
  if (query.data.changes.length === 0) return <p className={ui.quiet}>{t('differs.none')}</p>
  return <Words changes={query.data.changes} />
}

/** Words says changes field by field. */
export function Words({ changes }: { changes: FieldChange[] }) {
  const say = useChange()
  return (
    <dl className={css.differences}>
      {changes.map((change) => {
        const { field, said } = say(change)
        return (
          <Fragment key={change.field}>
            <dt>{field}</dt>
            <dd>
              {said.map((line) => (
                <div key={line}>{line}</div>
              ))}
            </dd>
          </Fragment>
        )
      })}
    </dl>
  )
}
