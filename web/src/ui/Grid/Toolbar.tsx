import { Button, Checkbox, Popover, Select, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { day, isDate } from '../../lib/format'
import { useLanguage } from '../../i18n/i18n'
import { CloseIcon, ColumnsIcon, FilterIcon, SearchIcon } from '../icons'
import { IconButton } from '../parts'
import { useCommon } from '../texts'
import { Export } from './Export'
import { FilterControl, useTyped } from './FilterControl'
import css from './grid.module.css'
import { namesOf, parseSort, writeSort } from './state'
import { useTexts } from './texts'
import type { Column, Filter } from './types'
import type { GridState } from './useGrid'

interface Props<T> {
  grid: GridState<T>
  columns: Column<T>[]
  zone: string
  tools?: ReactNode
  /** The list's route and the file's name; without it there is nothing to export. */
  exported?: { path: string; name: string }
}

export type Filtered<T> = Column<T> & { filter: Filter }

export const isFiltered = <T,>(column: Column<T>): column is Filtered<T> => column.filter !== undefined

/** Toolbar is what stands above the table: search, the page's own tools, columns, files, and the filters in use. */
export function Toolbar<T>({ grid, columns, zone, tools, exported }: Props<T>) {
  const t = useTexts()
  const [open, setOpen] = useState(false)
  return (
    <div className={css.toolbar}>
      <div className={css.bar}>
        <Search grid={grid} />
        {tools}
        <span className={css.space} />
        <Button
          className={css.onlyNarrow}
          variant="default"
          leftSection={<FilterIcon size={16} />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {t('filters')}
        </Button>
        <Columns grid={grid} columns={columns} />
        {exported && <Export grid={grid} {...exported} />}
      </div>
      {open && (
        <div className={`${css.panel} ${css.onlyNarrow}`}>
          <SortSelect grid={grid} columns={columns} />
          {columns.filter(isFiltered).map((column) => (
            <FilterControl key={column.id} column={column} grid={grid} zone={zone} />
          ))}
        </div>
      )}
      <Chips grid={grid} columns={columns} />
    </div>
  )
}

function Search<T>({ grid }: { grid: GridState<T> }) {
  const t = useTexts()
  const common = useCommon()
  const [typed, setTyped] = useTyped(grid.get('q') ?? '', (q) => grid.refine({ q }))
  return (
    <TextInput
      className={css.search}
      type="search"
      data-search
      aria-label={t('search')}
      placeholder={t('search.key')}
      leftSection={<SearchIcon size={16} />}
      rightSection={
        typed && (
          <IconButton label={common('clear')} onClick={() => setTyped('')}>
            <CloseIcon size={14} />
          </IconButton>
        )
      }
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  )
}

/** SortSelect is for narrow screens, where a table has no heads to click. */
function SortSelect<T>({ grid, columns }: { grid: GridState<T>; columns: Column<T>[] }) {
  const t = useTexts()
  const data = columns
    .filter(({ sort }) => sort)
    .flatMap(({ id, title }) => [
      { value: id, label: t('up', { column: title }) },
      { value: `-${id}`, label: t('down', { column: title }) },
    ])
  if (data.length === 0) return null
  return (
    <Select
      label={t('sort')}
      placeholder={t('sort.usual')}
      data={data}
      value={writeSort(grid.sorts.slice(0, 1)) || null}
      onChange={(value) => grid.sortBy(parseSort(value))}
      clearable
    />
  )
}

function Columns<T>({ grid, columns }: { grid: GridState<T>; columns: Column<T>[] }) {
  const t = useTexts()
  const ids = grid.shown.map(({ id }) => id)
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button className={css.icon} variant="default" leftSection={<ColumnsIcon size={16} />}>
          <span className={css.word}>{t('columns')}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group aria-label={t('columns')} value={ids} onChange={grid.show}>
          <div className={css.options}>
            {columns.map(({ id, title, head }) => (
              <Checkbox key={id} value={id} label={title} disabled={head} />
            ))}
          </div>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Chips are filters in sight: those that a click turns on and off, and those in use. */
function Chips<T>({ grid, columns }: { grid: GridState<T>; columns: Column<T>[] }) {
  const t = useTexts()
  const filtered = columns.filter(isFiltered)
  const isChips = ({ filter }: Filtered<T>) => filter.kind === 'enum' && filter.chips
  const toggles = filtered.filter(isChips)
  const others = filtered.filter((column) => !isChips(column))
  const used = others.filter(({ id, filter }) => namesOf(id, filter).some((name) => grid.get(name)))
  if (toggles.length === 0 && grid.active.length === 0) return null
  return (
    <div className={css.chips}>
      {toggles.map((column) => (
        <Toggles key={column.id} column={column} grid={grid} />
      ))}
      {used.map((column) => (
        <Used key={column.id} column={column} grid={grid} />
      ))}
      {grid.active.length > 0 && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={grid.clear}>
          {t('clear')}
        </Button>
      )}
    </div>
  )
}

function Toggles<T>({ column, grid }: { column: Filtered<T>; grid: GridState<T> }) {
  const chosen = grid.get(column.id)?.split(',') ?? []
  const toggle = (value: string) =>
    chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]
  if (column.filter.kind !== 'enum') return null
  return (
    <div className={css.toggles} role="group" aria-label={column.title}>
      {column.filter.options.map(({ value, label }) => (
        <button
          key={value}
          type="button"
          className={css.chip}
          aria-pressed={chosen.includes(value)}
          onClick={() => grid.refine({ [column.id]: toggle(value).join(',') })}
        >
          {label}
        </button>
      ))}
    </div>
  )
}

function Used<T>({ column, grid }: { column: Filtered<T>; grid: GridState<T> }) {
  const t = useTexts()
  const names = namesOf(column.id, column.filter)
  const text = `${column.title}: ${useSaid(column.filter)(names.map((name) => grid.get(name)))}`
  return (
    <button
      type="button"
      className={css.chip}
      aria-pressed="true"
      aria-label={t('filter.drop', { filter: text })}
      onClick={() => grid.refine(Object.fromEntries(names.map((name) => [name, null])))}
    >
      {text}
      <CloseIcon size={12} />
    </button>
  )
}

/** useSaid says the value of a filter as the page would. */
function useSaid(filter: Filter): (values: (string | null)[]) => string {
  const language = useLanguage()
  const one = (value: string) => {
    if (filter.kind === 'bool') return value === 'true' ? filter.yes : filter.no
    if (filter.kind === 'dates' && isDate(value)) return day(value, language)
    if (filter.kind !== 'enum' && filter.kind !== 'select') return value
    const labels = value.split(',').map((part) => filter.options.find((o) => o.value === part)?.label)
    return labels.map((label, n) => label ?? value.split(',')[n]).join(', ')
  }
  return (values) =>
    values.length === 1
      ? one(values[0] ?? '')
      : values[0] === values[1]
        ? one(values[0] ?? '')
        : values.map((value) => (value ? one(value) : '…')).join(' – ')
}
