import { ActionIcon, Button, CopyButton, Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useLanguage } from '../i18n/i18n'
import { dateTime, percent } from '../lib/format'
import { CheckIcon, CopyIcon } from './icons'
import { useCommon } from './texts'
import css from './ui.module.css'

export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

const MARKS: Record<Tone, string> = { good: '●', warn: '▲', bad: '■', quiet: '○' }

/** Status says a state in words; shape and colour only repeat it. */
export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`${css.status} ${css[tone]}`}>
      <span aria-hidden="true">{MARKS[tone]}</span>
      {children}
    </span>
  )
}

const toneOf = (share: number): Tone => (share >= 0.9 ? 'bad' : share >= 0.7 ? 'warn' : 'good')

/** Gauge shows how full something is, 0 to 1. */
export function Gauge({ share, label }: { share: number; label: string }) {
  const language = useLanguage()
  const full = Math.min(Math.max(share, 0), 1)
  const text = percent(full, language, full < 0.1 ? 1 : 0)
  return (
    <div
      className={css.gauge}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.round(full * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text}
    >
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" className={css[toneOf(full)]} aria-hidden="true">
        <rect width={full * 100} height="8" fill="currentColor" />
      </svg>
      <span>{text}</span>
    </div>
  )
}

/** useNow returns the time, renewed every half minute. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Ago says how long ago something was; the exact time in the given zone is its title. */
export function Ago({ at, zone }: { at?: string; zone: string }) {
  const t = useCommon()
  const language = useLanguage()
  const now = useNow()
  if (!at) return <>{t('never')}</>
  const minutes = Math.floor(Math.max(now - Date.parse(at), 0) / 60_000)
  return (
    <time dateTime={at} title={`${dateTime(Date.parse(at), zone, language)} (${zone})`}>
      {minutes < 1 && t('ago.now')}
      {minutes >= 1 && minutes < 60 && t('ago.minutes', { n: minutes })}
      {minutes >= 60 && minutes < 2880 && t('ago.hours', { n: Math.floor(minutes / 60) })}
      {minutes >= 2880 && t('ago.days', { n: Math.floor(minutes / 1440) })}
    </time>
  )
}

/** Secret shows what is shown only once, ready to be copied. */
export function Secret({ value, label }: { value: string; label: string }) {
  const t = useCommon()
  return (
    <div className={css.secret}>
      <code aria-label={label} data-testid="secret">
        {value}
      </code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button
            size="xs"
            variant="default"
            onClick={copy}
            leftSection={copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
          >
            {copied ? t('copied') : t('copy')}
          </Button>
        )}
      </CopyButton>
    </div>
  )
}

/** Rows are the skeleton of a table. */
export function Rows({ count = 5 }: { count?: number }) {
  const t = useCommon()
  return (
    <div className={css.cardBody} role="status" aria-label={t('loading')}>
      {Array.from({ length: count }, (_, n) => (
        <Skeleton key={n} height={28} mt={8} />
      ))}
    </div>
  )
}

export function IconButton(props: {
  label: string
  onClick: () => void
  children: React.ReactNode
  disabled?: boolean
  expanded?: boolean
}) {
  return (
    <ActionIcon
      aria-label={props.label}
      title={props.label}
      aria-expanded={props.expanded}
      onClick={props.onClick}
      disabled={props.disabled}
      size={30}
    >
      {props.children}
    </ActionIcon>
  )
}

interface Paged {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => Promise<unknown>
}

/** More reads the next page of a list. */
export function More({ list }: { list: Paged }) {
  const t = useCommon()
  if (!list.hasNextPage) return null
  return (
    <div className={css.more}>
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {t('more')}
      </Button>
    </div>
  )
}
