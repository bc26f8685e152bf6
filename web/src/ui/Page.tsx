import { useEffect, useRef, type ReactNode } from 'react'
import css from './ui.module.css'

/** Page is one page's frame: its heading, the answer in one line, what can be done, and the body. */
export function Page(props: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${props.title} · Staff Control`
  }, [props.title])
  // A screen reader and the keyboard start at the new page's heading.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <div className={css.page}>
      <header className={css.header}>
        <div>
          <h1 tabIndex={-1} ref={heading}>
            {props.title}
          </h1>
          {props.lead && <p className={css.lead}>{props.lead}</p>}
        </div>
        {props.actions && <div className={css.actions}>{props.actions}</div>}
      </header>
      {props.children}
    </div>
  )
}

/** Card is a titled part of a page. */
export function Card(props: { title: string; actions?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={css.card} aria-label={props.title}>
      <div className={css.cardHead}>
        <h2>{props.title}</h2>
        {props.actions}
      </div>
      <div className={props.flush ? undefined : css.cardBody}>{props.children}</div>
    </section>
  )
}

/** Tiles are the page's answers in numbers. */
export function Tiles({ items }: { items: { label: string; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <dl className={css.tiles}>
      {items.map((item) => (
        <div className={css.tile} key={item.label}>
          <dt>{item.label}</dt>
          <dd>
            {item.value}
            {item.note && <small>{item.note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Empty says that there is nothing, and what to do about it. */
export function Empty(props: { title: string; hint: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <h3>{props.title}</h3>
      <p>{props.hint}</p>
      {props.children}
    </div>
  )
}
