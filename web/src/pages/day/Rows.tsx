import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Day } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, number, time } from '../../lib/format'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './day.module.css'
import { matches, type Piece } from './pieces'
import { useTexts } from './texts'

const STEP = 200

/** useWords returns what a piece is called. */
export function useWords(): (piece: Piece) => string {
  const t = useTexts()
  return (piece) => {
    if (piece.lane === 'idle') return t('idle')
    if (piece.lane === 'session') return t(piece.what === 'locked' ? 'state.locked' : 'state.active')
    return piece.what || '—'
  }
}

/** Rows is the timeline's table twin: every piece, in order of time, and a file of them. */
export function Rows({ pieces, find, day }: { pieces: Piece[]; find: string; day: Day }) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const words = useWords()
  const [shown, setShown] = useState(STEP)
  const found = useMemo(
    () => pieces.filter((piece) => matches(piece, find)).sort((a, b) => a.from - b.from),
    [pieces, find],
  )
  const clock = (at: number) => time(at, day.zone, true)
  const columns = [t('from'), t('to'), t('length'), t('lane'), t('what'), t('detail'), t('computer')]
  const file = () => {
    const rows = found.map((piece) => [
      new Date(piece.from).toISOString(),
      new Date(piece.to).toISOString(),
      String(Math.round((piece.to - piece.from) / 1000)),
      t(piece.lane),
      words(piece),
      piece.detail,
      piece.computer,
    ])
    return [columns, ...rows]
  }
  return (
    <>
      <div className={css.rowsHead}>
        <span role="status">
          {t('rows', { count: found.length }).replace(String(found.length), number(found.length, language))}
        </span>
        <SaveCsv name={day.date} rows={file} />
      </div>
      <div className={ui.scroll} tabIndex={0} role="region" aria-label={t('timeline')}>
        <table className={ui.table}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((piece, n) => (
              <tr key={n} data-lane={piece.lane}>
                <td className={ui.nowrap}>{clock(piece.from)}</td>
                <td className={ui.nowrap}>{clock(piece.to)}</td>
                <td className={ui.nowrap}>{duration((piece.to - piece.from) / 1000, language)}</td>
                <td className={ui.nowrap}>{t(piece.lane)}</td>
                <td className={css.what}>{words(piece)}</td>
                <td className={css.detail}>{piece.detail}</td>
                <td className={ui.nowrap}>{piece.computer}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown < found.length && (
        <div className={ui.more}>
          <Button variant="default" onClick={() => setShown(shown + STEP)}>
            {common('more')}
          </Button>
        </div>
      )}
    </>
  )
}
