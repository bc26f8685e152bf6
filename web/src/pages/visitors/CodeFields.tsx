import { NumberInput, SegmentedControl, Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { addDays, isoDate, startOfDay, time } from '../../lib/format'
import { ClockInput } from '../../ui/ClockInput'
import { useTexts } from './texts'
import type { NewCode } from './types'
import css from './visitors.module.css'

const DateField = lazy(() => import('../../ui/dates/DateField'))

const DAY = { from: '09:00', until: '18:00' }

/** Validity is a code as it is asked for, in the organization's days and clocks. */
export interface Validity {
  kind: 'ONETIME' | 'MULTIPLE'
  first: string
  last: string
  from: string
  until: string
  max?: number
}

/** validityOf proposes a working day: today's, or the next day's once today's is over. */
export const validityOf = (now: number, zone: string): Validity => {
  const today = isoDate(now, zone)
  const date = time(now, zone) < DAY.until ? today : addDays(today, 1)
  return { kind: 'ONETIME', first: date, last: date, ...DAY }
}

const instant = (date: string, clock: string, zone: string) => {
  const [hour = 0, minute = 0] = clock.split(':').map(Number)
  return new Date(startOfDay(date, zone) + (hour * 60 + minute) * 60_000).toISOString()
}

/** codeOf is what the server is asked for. */
export const codeOf = ({ kind, first, last, from, until, max }: Validity, zone: string): NewCode => ({
  codeType: kind,
  startDate: instant(first, from, zone),
  endDate: instant(last, until, zone),
  maxUses: kind === 'MULTIPLE' ? (max ?? 0) : undefined,
})

interface Props {
  value: Validity
  onChange: (value: Validity) => void
  errorOf: (field: string) => string | undefined
}

/** CodeFields ask from when until when a code lets in, and how often. */
export function CodeFields({ value, onChange, errorOf }: Props) {
  const t = useTexts()
  const set = (part: Partial<Validity>) => onChange({ ...value, ...part })
  return (
    <div className={css.codeFields}>
      <Suspense fallback={<Skeleton height={56} className={css.two} />}>
        <DateField
          label={t('code.first')}
          value={value.first}
          onChange={(first) => {
            if (!first) return
            set({ first, last: value.last < first || value.last === value.first ? first : value.last })
          }}
          error={errorOf('startDate')}
          required
        />
        <DateField
          label={t('code.last')}
          value={value.last}
          onChange={(last) => last && set({ last: last < value.first ? value.first : last })}
          required
        />
      </Suspense>
      <ClockInput label={t('code.from')} value={value.from} onChange={(from) => set({ from })} required />
      <ClockInput
        label={t('code.until')}
        value={value.until}
        onChange={(until) => set({ until })}
        required
        error={errorOf('endDate')}
      />
      <SegmentedControl
        className={css.whole}
        aria-label={t('code.kind')}
        value={value.kind}
        onChange={(kind) => set({ kind: kind as Validity['kind'] })}
        data={(['ONETIME', 'MULTIPLE'] as const).map((kind) => ({ value: kind, label: t(kind) }))}
      />
      {value.kind === 'MULTIPLE' && (
        <NumberInput
          className={css.whole}
          label={t('code.max')}
          description={t('code.max.hint')}
          min={1}
          max={1000}
          value={value.max ?? ''}
          onChange={(max) => set({ max: max === '' ? undefined : Number(max) })}
          error={errorOf('maxUses')}
        />
      )}
    </div>
  )
}
