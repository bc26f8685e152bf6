import { Modal } from '@mantine/core'
import { useId, useState, type KeyboardEvent } from 'react'
import type { User } from '../../api/types'
import { SearchIcon } from '../../ui/icons'
import { useCommon } from '../../ui/texts'
import { useShell } from '../texts'
import { useEntries, type Entry } from './entries'
import css from './palette.module.css'

interface Props {
  user: User
  onClose: () => void
  onKeys: () => void
}

/** Palette finds pages, people, computers and actions by a few letters. */
export default function Palette({ user, onClose, onKeys }: Props) {
  const t = useShell()
  const common = useCommon()
  const list = useId()
  const [typed, setTyped] = useState('')
  const [chosen, setChosen] = useState(0)
  const { entries, busy } = useEntries(user, typed, onKeys)
  const at = Math.min(chosen, entries.length - 1)
  const optionId = (entry?: Entry) => (entry ? `${list}-${entry.id.replace(/\W/g, '-')}` : undefined)

  const run = (entry?: Entry) => {
    if (!entry) return
    onClose()
    entry.run()
  }
  const choose = (next: number) => {
    const wrapped = (next + entries.length) % Math.max(entries.length, 1)
    setChosen(wrapped)
    document.getElementById(optionId(entries[wrapped]) ?? '')?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key]
    if (move === undefined && event.key !== 'Enter') return
    event.preventDefault()
    if (move === undefined) run(entries[at])
    else choose(move)
  }
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      centered={false}
      yOffset="10vh"
      padding={0}
      attributes={{ content: { 'aria-label': t('palette') } }}
    >
      <div className={css.field}>
        <SearchIcon />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={optionId(entries[at])}
          aria-label={t('palette.hint')}
          placeholder={t('palette.hint')}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setChosen(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className={css.list} role="listbox" id={list} aria-label={t('palette.found')} aria-busy={busy}>
        {groups(entries).map(([group, members]) => (
          <div key={group} role="group" aria-label={group}>
            <div className={css.group} aria-hidden="true">
              {group}
            </div>
            {members.map((entry) => (
              <div
                key={entry.id}
                id={optionId(entry)}
                role="option"
                aria-selected={entry === entries[at]}
                className={css.entry}
                onClick={() => run(entry)}
                onMouseMove={() => setChosen(entries.indexOf(entry))}
              >
                <span>{entry.label}</span>
                {entry.note && <small>{entry.note}</small>}
              </div>
            ))}
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <p className={css.none} role="status">
          {busy ? common('loading') : t('palette.none')}
        </p>
      )}
    </Modal>
  )
}

function groups(entries: Entry[]): [string, Entry[]][] {
  const found = new Map<string, Entry[]>()
  for (const entry of entries) found.set(entry.group, [...(found.get(entry.group) ?? []), entry])
  return [...found]
}
