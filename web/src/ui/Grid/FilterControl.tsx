import { Button, Checkbox, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { addDays, isoDate } from '../../lib/format'
import { useNow } from '../parts'
import css from './grid.module.css'
import { namesOf } from './state'
import { useTexts } from './texts'
import type { Column, Filter, Option } from './types'
import type { GridState } from './useGrid'

interface Props<T> {
  column: Column<T> & { filter: Filter }
  grid: GridState<T>
  zone: string
}

const TYPING_MS = 300

/** useTyped keeps what is typed at once, and hands it on when the typing has stopped. */
export function useTyped(value: string, onChange: (value: string) => void) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (value !== known) {
    setKnown(value)
    setTyped(value)
  }
  useEffect(() => {
    if (typed === known) return
    const timer = setTimeout(() => {
      setKnown(typed)
      onChange(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  })
  return [typed, setTyped] as const
}

/** FilterControl is how one column is filtered. */
export function FilterControl<T>({ column, grid, zone }: Props<T>) {
  const { id, title, filter } = column
  const value = grid.get(id) ?? ''
  const change = (next: string | null) => grid.refine({ [id]: next })
  switch (filter.kind) {
    case 'text':
      return <Contains label={title} value={value} onChange={change} />
    case 'enum':
      return <AnyOf label={title} options={filter.options} value={value} onChange={change} />
    case 'bool':
      return <YesNo label={title} yes={filter.yes} no={filter.no} value={value} onChange={change} />
    case 'select':
      return (
        <Select
          label={title}
          data={filter.options}
          value={value || null}
          onChange={change}
          searchable
          clearable
          comboboxProps={{ withinPortal: false }}
        />
      )
    case 'number':
      return <Between column={column} grid={grid} />
    case 'dates':
      return <Dates column={column} grid={grid} zone={zone} />
  }
}

interface Control {
  label: string
  value: string
  onChange: (value: string | null) => void
}

function Contains({ label, value, onChange }: Control) {
  const t = useTexts()
  const [typed, setTyped] = useTyped(value, onChange)
  return (
    <TextInput
      label={label}
      placeholder={t('filter.contains')}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  )
}

function AnyOf({ label, value, onChange, options }: Control & { options: Option[] }) {
  return (
    <Checkbox.Group
      label={label}
      value={value === '' ? [] : value.split(',')}
      onChange={(chosen) => onChange(chosen.join(','))}
    >
      <div className={css.options}>
        {options.map((option) => (
          <Checkbox key={option.value} value={option.value} label={option.label} />
        ))}
      </div>
    </Checkbox.Group>
  )
}

function YesNo({ label, value, onChange, yes, no }: Control & { yes: string; no: string }) {
  const t = useTexts()
  return (
    <div className={css.control} role="group" aria-label={label}>
      <span aria-hidden="true">{label}</span>
      <SegmentedControl
        fullWidth
        aria-label={label}
        data={[
          { value: '', label: t('any') },
          { value: 'true', label: yes },
          { value: 'false', label: no },
        ]}
        value={value}
        onChange={onChange}
      />
    </div>
  )
}

function Between<T>({ column, grid }: Pick<Props<T>, 'column' | 'grid'>) {
  const t = useTexts()
  const labels = [t('from'), t('to')]
  return (
    <div className={css.control} role="group" aria-label={column.title}>
      <span aria-hidden="true">{column.title}</span>
      <div className={css.pair}>
        {namesOf(column.id, column.filter).map((name, n) => (
          <NumberInput
            key={name}
            aria-label={`${column.title}: ${labels[n]}`}
            placeholder={labels[n]}
            hideControls
            value={grid.get(name) ?? ''}
            onChange={(value) => grid.refine({ [name]: String(value) })}
          />
        ))}
      </div>
    </div>
  )
}

function Dates<T>({ column, grid, zone }: Props<T>) {
  const t = useTexts()
  const today = isoDate(useNow(), zone)
  const [from, to] = namesOf(column.id, column.filter) as [string, string]
  const between = (first: string, last: string) => grid.refine({ [from]: first, [to]: last })
  const weekday = (new Date(`${today}T12:00:00Z`).getUTCDay() + 6) % 7
  const presets = [
    { label: t('today'), first: today, last: today },
    { label: t('yesterday'), first: addDays(today, -1), last: addDays(today, -1) },
    { label: t('week'), first: addDays(today, -weekday), last: today },
    { label: t('month'), first: `${today.slice(0, 8)}01`, last: today },
  ]
  return (
    <div className={css.control} role="group" aria-label={column.title}>
      <span aria-hidden="true">{column.title}</span>
      <div className={css.pair}>
        {[from, to].map((name, n) => (
          <TextInput
            key={name}
            type="date"
            aria-label={`${column.title}: ${n === 0 ? t('from') : t('to')}`}
            value={grid.get(name) ?? ''}
            onChange={(event) => grid.refine({ [name]: event.currentTarget.value })}
          />
        ))}
      </div>
      <div className={css.presets}>
        {presets.map(({ label, first, last }) => (
          <Button key={label} size="compact-xs" variant="default" onClick={() => between(first, last)}>
            {label}
          </Button>
        ))}
      </div>
    </div>
  )
}
