import { useLanguage } from '../../i18n/i18n'
import { duration, time } from '../../lib/format'
import { bars, position, type View } from '../../lib/timeline'
import css from './day.module.css'
import type { Lane, Piece } from './pieces'
import { useWords } from './Rows'
import { useTexts } from './texts'

const BOX = 260

interface Props {
  piece: Piece
  pieces: Record<Lane, Piece[]>
  view: View
  /** The width of the lanes; 0 where the words are only spoken. */
  width: number
  zone: string
  top?: number
}

/** Reason says what a piece was: the answer to "why is this here". */
export function Reason({ piece, pieces, view, width, zone, top = 0 }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const words = useWords()
  const middle = position((Math.max(piece.from, view.from) + Math.min(piece.to, view.to)) / 2, view, width)
  const left = Math.min(Math.max(middle - BOX / 2, 0), Math.max(width - BOX, 0))
  const drawn = width > 0 && bars(pieces[piece.lane], view, width).find((bar) => bar.main === piece)
  const others = drawn ? drawn.count - 1 : 0
  const text = (
    <>
      <strong>{words(piece)}</strong>
      {piece.detail && <span>{piece.detail}</span>}
      <span>
        {time(piece.from, zone, true)}–{time(piece.to, zone, true)} ·{' '}
        {duration((piece.to - piece.from) / 1000, language)}
      </span>
      <span className={css.where}>
        {t(piece.lane)} · {piece.computer}
        {others > 0 && ` · ${t('others', { count: others })}`}
      </span>
    </>
  )
  if (width === 0) return text
  return (
    <div
      className={css.reason}
      style={{ left, top: top + 6, width: Math.min(BOX, width) }}
      data-testid="reason"
      aria-hidden="true"
    >
      {text}
    </div>
  )
}
