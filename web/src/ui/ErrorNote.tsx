import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { ApiError } from '../api/errors'
import { useCommon } from './texts'
import css from './ui.module.css'

interface NoteProps {
  error: unknown
  retry?: () => void
  /** An answer that is usual here: nobody looks for its log lines. */
  usual?: boolean
}

/** ErrorNote shows a refusal in the server's words, with the number by which its log lines are found. */
export function ErrorNote({ error, retry, usual = false }: NoteProps) {
  const t = useCommon()
  const envelope = error instanceof ApiError ? error.envelope : undefined
  return (
    <div className={css.error} role="alert">
      <strong>{retry ? t('error.title') : textOf(error, t)}</strong>
      {retry && <span>{textOf(error, t)}</span>}
      {envelope?.details?.map((detail) => (
        <span key={detail.field + detail.code}>
          {detail.field}: {detail.message}
        </span>
      ))}
      {envelope?.traceId && !usual && (
        <code>
          {t('error.trace')}: {envelope.traceId}
        </code>
      )}
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          {t('retry')}
        </Button>
      )}
    </div>
  )
}

function textOf(error: unknown, t: ReturnType<typeof useCommon>): string {
  if (!(error instanceof ApiError)) return t('error.page')
  if (error.status === 0) return t('error.offline')
  return error.envelope?.message ?? t('error.other', { status: error.status })
}

function Broken() {
  const t = useCommon()
  return (
    <div className={css.error} role="alert">
      <strong>{t('error.page')}</strong>
      <Button variant="default" size="xs" onClick={() => location.reload()}>
        {t('error.reload')}
      </Button>
    </div>
  )
}

/** Boundary keeps the rest of the page alive when a part fails, such as a chunk that a new release has replaced. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children
  }
}
