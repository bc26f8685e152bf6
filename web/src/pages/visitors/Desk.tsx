import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { ApiError } from '../../api/errors'
import { dateTime, time } from '../../lib/format'
import { useLanguage } from '../../i18n/i18n'
import { ErrorNote } from '../../ui/ErrorNote'
import { QrIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { useNow } from '../../ui/parts'
import { Arrive } from './Arrive'
import { Badge } from './Badge'
import { CheckOut, Who } from './parts'
import { lookUp, Refusal } from './lookUp'
import { period } from './period'
import { begins } from './scanned'
import { useTexts } from './texts'
import type { Visit } from './types'
import css from './visitors.module.css'

const Camera = lazy(() => import('./Camera'))

interface Props {
  zone: string
  organization?: string
}

/** Desk takes codes, from a scanner, the keyboard or a camera, and lets in or out who shows one. */
export function Desk({ zone, organization }: Props) {
  const t = useTexts()
  const [text, setText] = useState('')
  const [done, setDone] = useState<Visit>()
  const [camera, setCamera] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const look = useMutation({ mutationFn: lookUp })
  const ask = (code: string) => {
    setDone(undefined)
    setCamera(false)
    setText('')
    if (code.trim()) look.mutate(code)
  }
  const finish = (visit: Visit) => {
    look.reset()
    setDone(visit)
    field.current?.focus()
  }
  const again = () => {
    look.reset()
    setDone(undefined)
    field.current?.focus()
  }
  useKeys([{ keys: 'c', says: t('scan.key'), run: () => field.current?.focus() }])
  useScanner(field)
  return (
    <section className={css.desk} aria-label={t('scan')}>
      <form
        className={css.scan}
        onSubmit={(event) => {
          event.preventDefault()
          ask(text)
        }}
      >
        <TextInput
          ref={field}
          className={css.scanField}
          label={t('scan')}
          description={t('scan.hint')}
          size="lg"
          leftSection={<QrIcon />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          autoFocus
          data-testid="code"
        />
        <div className={css.scanButtons}>
          <Button type="submit" className={css.huge} loading={look.isPending}>
            {t('scan.check')}
          </Button>
          {canSee() && (
            <Button className={css.huge} variant="default" onClick={() => setCamera(true)}>
              {t('camera')}
            </Button>
          )}
        </div>
      </form>
      <div aria-live="assertive">
        {look.isError && <Refused error={look.error} zone={zone} onNext={again} />}
        {look.data?.what === 'arriving' && (
          <div className={css.result} data-result="arriving">
            <h2>{t('let.title')}</h2>
            <Arrive
              key={look.data.code.id}
              visitor={look.data.visitor}
              code={look.data.code}
              zone={zone}
              onIn={finish}
            />
          </div>
        )}
        {look.data?.what === 'leaving' && (
          <div className={css.result} data-result="leaving">
            <h2>{t('out.ask', { at: time(Date.parse(look.data.visit.checkedInAt), zone) })}</h2>
            <Who
              name={look.data.visit.visitorName}
              host={look.data.visit.hostName}
              place={look.data.visit.workPlace}
            >
              {look.data.visit.badge && t('badge.no', { n: look.data.visit.badge })}
            </Who>
            <CheckOut visit={look.data.visit} huge onOut={finish} />
          </div>
        )}
        {done && <Done visit={done} zone={zone} organization={organization} />}
      </div>
      {camera && (
        <Suspense fallback={null}>
          <Camera onCode={ask} onClose={() => setCamera(false)} />
        </Suspense>
      )}
    </section>
  )
}

const canSee = () => 'BarcodeDetector' in window && Boolean(navigator.mediaDevices?.getUserMedia)

/** useScanner has what a scanner writes go to the field wherever the focus was, but to another field or a dialog. */
function useScanner(field: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const busy = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
      if (busy || event.ctrlKey || event.metaKey || event.altKey || !begins(event.key)) return
      if (!document.querySelector('[role=dialog][aria-modal=true]')) field.current?.focus()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [field])
}

/** Done says what was done, and offers the badge. */
export function Done({ visit, zone, organization }: { visit: Visit } & Props) {
  const t = useTexts()
  const [badge, setBadge] = useState(false)
  return (
    <div className={css.result} data-result="done">
      <h2>{t(visit.inside ? 'let.done' : 'out.done', { name: visit.visitorName })}</h2>
      {visit.inside && visit.hostName && <p>{t('host.to', { name: visit.hostName })}</p>}
      {visit.inside && (
        <Button className={css.big} variant="default" onClick={() => setBadge(true)}>
          {t('badge.print')}
        </Button>
      )}
      {badge && (
        <Badge visit={visit} zone={zone} organization={organization} onClose={() => setBadge(false)} />
      )}
    </div>
  )
}

/** Refused says why, and of a known code whose it is and when it was good. */
function Refused({ error, zone, onNext }: { error: Error; zone: string; onNext: () => void }) {
  const t = useTexts()
  const language = useLanguage()
  const now = useNow()
  const at = (iso: string) => dateTime(Date.parse(iso), zone, language, now)
  const { why, code } = error instanceof Refusal ? error : { why: error, code: undefined }
  return (
    <div className={css.result} data-result="refused">
      <h2>{t('refused')}</h2>
      <ErrorNote error={why} usual={why instanceof ApiError && why.status < 500} />
      {code && (
        <p>
          <strong>{code.visitorName}</strong>{' '}
          {t('refused.valid', { period: period(code.startDate, code.endDate, zone, language) })}{' '}
          {code.lastUsedAt && t('refused.used', { uses: code.uses, at: at(code.lastUsedAt) })}
        </p>
      )}
      <p>{t('refused.help')}</p>
      <Button className={css.big} variant="default" onClick={onNext}>
        {t('next')}
      </Button>
    </div>
  )
}
