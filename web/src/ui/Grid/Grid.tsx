import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { ErrorNote } from '../ErrorNote'
import { LeftIcon, RightIcon } from '../icons'
import { useKeys } from '../keys'
import { Empty } from '../Page'
import { IconButton } from '../parts'
import { useCommon } from '../texts'
import css from './grid.module.css'
import { rangeOf } from './state'
import { Table, type RowActions } from './Table'
import { useTexts } from './texts'
import { Toolbar } from './Toolbar'
import { useGrid, type GridState, type Source } from './useGrid'

interface Props<T> extends Source<T>, RowActions<T> {
  /** What the table is, for those who cannot see it. */
  label: string
  /** What to say, and to do, while there is nothing at all. */
  empty: { title: string; hint: string; action?: ReactNode }
  /** The page's own buttons beside the search. */
  tools?: ReactNode
  /** A list whose API cannot export says so. */
  exports?: boolean
}

/** Grid is a list of the server's: searched, filtered, sorted, paged and exported there, with all of it in the address. */
export function Grid<T>({ label, empty, tools, exports = true, ...props }: Props<T>) {
  const grid = useGrid<T>(props)
  const { query, rows } = grid
  const zone = props.zone ?? 'UTC'
  useGridKeys()
  const nothing = query.isSuccess && rows.length === 0
  const exported = exports ? { path: props.path, name: props.name } : undefined
  if (nothing && grid.active.length === 0 && grid.page === 1) {
    return (
      <div className={css.grid}>
        {tools && (
          <div className={css.toolbar}>
            <div className={css.bar}>{tools}</div>
          </div>
        )}
        <Empty title={empty.title} hint={empty.hint}>
          {empty.action}
        </Empty>
      </div>
    )
  }
  return (
    <div className={css.grid}>
      <Toolbar grid={grid} columns={props.columns} zone={zone} tools={tools} exported={exported} />
      {query.isPending && <Loading />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {!query.isError && !nothing && <Table {...props} grid={grid} label={label} zone={zone} />}
      {nothing && <NothingMatches clear={grid.clear} />}
      <Pager grid={grid} />
    </div>
  )
}

function Loading() {
  const t = useCommon()
  return <div className={css.spoken} role="status" aria-label={t('loading')} />
}

function NothingMatches({ clear }: { clear: () => void }) {
  const t = useTexts()
  return (
    <Empty title={t('none.title')} hint={t('none.hint')}>
      <Button variant="default" onClick={clear}>
        {t('clear')}
      </Button>
    </Empty>
  )
}

function Pager<T>({ grid }: { grid: GridState<T> }) {
  const t = useTexts()
  const language = useLanguage()
  const { first, last } = rangeOf(grid.page, grid.rows.length)
  const total = grid.query.data?.total
  const values = {
    first: number(first, language),
    last: number(last, language),
    total: number(total ?? 0, language),
  }
  const paged = grid.toNext !== undefined || grid.toPrevious !== undefined
  return (
    <div className={css.pager}>
      <span aria-live="polite" data-range>
        {grid.rows.length > 0 && t(total === undefined ? 'range.only' : 'range', values)}
      </span>
      {paged && (
        <span className={css.turn}>
          <IconButton label={t('previous')} disabled={!grid.toPrevious} onClick={() => grid.toPrevious?.()}>
            <LeftIcon size={16} />
          </IconButton>
          <IconButton label={t('next')} disabled={!grid.toNext} onClick={() => grid.toNext?.()}>
            <RightIcon size={16} />
          </IconButton>
        </span>
      )}
    </div>
  )
}

/** useGridKeys are the keys of every grid of the page at once: its rows follow one another. */
function useGridKeys(): void {
  const t = useTexts()
  useKeys([
    { keys: 'j', says: t('keys.rows'), run: () => move(1) },
    { keys: 'k', says: t('keys.rowsBack'), run: () => move(-1) },
    {
      keys: '/',
      says: t('keys.search'),
      run: () => document.querySelector<HTMLInputElement>('[data-search] input, input[data-search]')?.focus(),
    },
  ])
}

function move(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('tr[data-row]')]
  const at = rows.findIndex((row) => row.contains(document.activeElement))
  const next = at < 0 ? rows[0] : rows[at + step]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}
