import { Popover, Skeleton } from '@mantine/core'
import { Fragment, type HTMLAttributes, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { DownIcon, FilterIcon, RightIcon } from '../icons'
import { IconButton } from '../parts'
import { FilterControl } from './FilterControl'
import css from './grid.module.css'
import { namesOf, nextSort } from './state'
import { useTexts } from './texts'
import { isFiltered, type Filtered } from './Toolbar'
import type { Column } from './types'
import type { GridState } from './useGrid'

export interface RowActions<T> {
  rowKey: (row: T) => string | number
  /** What a row is called, for the button that opens it. */
  nameOf?: (row: T) => string
  /** Where the row leads. */
  href?: (row: T) => string
  /** What opening the row does, where that is no page of its own. */
  onOpen?: (row: T) => void
  /** What is said under the row when it is opened. */
  detail?: (row: T) => ReactNode
  rowProps?: (row: T) => HTMLAttributes<HTMLTableRowElement> & Record<`data-${string}`, string | number>
}

interface Props<T> extends RowActions<T> {
  grid: GridState<T>
  label: string
  zone: string
}

const SKELETONS = 8

/** Table is the rows. On a narrow screen each is a card. */
export function Table<T>({ grid, label, zone, ...actions }: Props<T>) {
  const { query, rows, shown } = grid
  return (
    <div className={css.scroll}>
      <table
        className={css.table}
        aria-label={label}
        aria-busy={query.isFetching}
        data-stale={query.isPlaceholderData}
      >
        <thead>
          <tr>
            {shown.map((column) => (
              <Head key={column.id} column={column} grid={grid} zone={zone} />
            ))}
          </tr>
        </thead>
        <tbody>
          {query.isPending && <Skeletons columns={shown} />}
          {rows.map((row) => (
            <Row key={actions.rowKey(row)} row={row} grid={grid} {...actions} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const classOf = <T,>({ number, nowrap, head }: Column<T>) =>
  [number && css.number, nowrap && css.nowrap, head && css.head].filter(Boolean).join(' ')

function Head<T>({ column, grid, zone }: { column: Column<T>; grid: GridState<T>; zone: string }) {
  const t = useTexts()
  const { id, title, sort } = column
  const place = grid.sorts.findIndex((one) => one.id === id)
  const down = grid.sorts[place]?.down
  const ordered = place < 0 ? 'none' : down ? 'descending' : 'ascending'
  const press = (event: MouseEvent | KeyboardEvent) => grid.sortBy(nextSort(grid.sorts, id, event.shiftKey))
  return (
    <th scope="col" className={classOf(column)} aria-sort={sort ? ordered : undefined}>
      <span className={css.heading}>
        {sort ? (
          <button
            type="button"
            className={css.sort}
            title={t('sort.hint')}
            onClick={press}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !event.shiftKey) return
              event.preventDefault()
              press(event)
            }}
          >
            {title}
            <span aria-hidden="true" className={css.arrow}>
              {place >= 0 && (down ? '↓' : '↑')}
              {place >= 0 && grid.sorts.length > 1 && place + 1}
            </span>
          </button>
        ) : (
          title
        )}
        {isFiltered(column) && <HeadFilter column={column} grid={grid} zone={zone} />}
      </span>
    </th>
  )
}

function HeadFilter<T>({ column, grid, zone }: { column: Filtered<T>; grid: GridState<T>; zone: string }) {
  const t = useTexts()
  const active = namesOf(column.id, column.filter).some((name) => grid.get(name))
  return (
    <Popover position="bottom-start" shadow="md" width={280} trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className={css.filter}
          data-active={active || undefined}
          aria-label={t('filter', { column: column.title })}
          title={t('filter', { column: column.title })}
        >
          <FilterIcon size={14} />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <FilterControl column={column} grid={grid} zone={zone} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Skeletons<T>({ columns }: { columns: Column<T>[] }) {
  return Array.from({ length: SKELETONS }, (_, n) => (
    <tr key={n}>
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          <Skeleton height={14} my={5} width={column.head ? '80%' : '60%'} />
        </td>
      ))}
    </tr>
  ))
}

function Row<T>(props: RowActions<T> & { row: T; grid: GridState<T> }) {
  const { row, grid, rowKey, nameOf, href, onOpen, detail, rowProps } = props
  const [, navigate] = useLocation()
  const key = String(rowKey(row))
  const opened = detail !== undefined && grid.opened === key
  const toggle = () => grid.open(opened ? null : key)
  const open = onOpen && (() => onOpen(row))
  const enter = href ? () => navigate(href(row)) : (open ?? (detail && toggle))
  return (
    <Fragment>
      <tr
        {...rowProps?.(row)}
        data-row={key}
        data-opens={enter !== undefined || undefined}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.target === event.currentTarget) enter?.()
        }}
        onClick={(event) => enter && isPlain(event) && enter()}
      >
        {grid.shown.map((column) => (
          <td key={column.id} className={classOf(column)} data-label={column.title}>
            {column.head ? (
              <HeadCell
                href={href?.(row)}
                open={open}
                opened={opened}
                name={nameOf?.(row)}
                toggle={detail && toggle}
              >
                {column.cell(row)}
              </HeadCell>
            ) : (
              column.cell(row)
            )}
          </td>
        ))}
      </tr>
      {opened && (
        <tr>
          <td colSpan={grid.shown.length} className={css.detail}>
            {detail(row)}
          </td>
        </tr>
      )}
    </Fragment>
  )
}

/** isPlain says that a click means the row: not a control in it, and not the selecting of text. */
function isPlain(event: MouseEvent): boolean {
  const target = event.target as Element
  if (target.closest('a, button, input, select, textarea, label, [role=option], [role=dialog]')) return false
  return event.currentTarget.contains(target) && (getSelection()?.toString() ?? '') === ''
}

function HeadCell(props: {
  href?: string
  open?: () => void
  opened: boolean
  name?: string
  toggle?: () => void
  children: ReactNode
}) {
  const t = useTexts()
  if (props.href) {
    return (
      <Link href={props.href} className={css.link}>
        {props.children}
      </Link>
    )
  }
  if (props.open) {
    return (
      <button type="button" className={css.link} onClick={props.open}>
        {props.children}
      </button>
    )
  }
  if (!props.toggle) return <div>{props.children}</div>
  return (
    <div className={css.opener}>
      <IconButton
        label={props.name ? t('details.of', { name: props.name }) : t('details')}
        onClick={props.toggle}
        expanded={props.opened}
      >
        {props.opened ? <DownIcon size={16} /> : <RightIcon size={16} />}
      </IconButton>
      <div>{props.children}</div>
    </div>
  )
}
