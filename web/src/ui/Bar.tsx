import css from './ui.module.css'

/** Bar draws a share of 0 to 1 under what it belongs to; the row says it in numbers. */
export function Bar({ share, colour }: { share: number; colour: string }) {
  return (
    <svg className={css.bar} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.min(Math.max(share, 0), 1) * 100} height="4" fill={colour} />
    </svg>
  )
}
