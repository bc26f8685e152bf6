import { Button, Modal } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { readList } from '../../api/list'
import { useLanguage } from '../../i18n/i18n'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { PlusIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { Rows, Status, useNow } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { CodeFields, codeOf, validityOf } from './CodeFields'
import { stateOf } from './parts'
import { period } from './period'
import { QrCard } from './QrCard'
import { useTexts } from './texts'
import type { Code, Visitor } from './types'
import { useReread } from './useVisits'
import css from './visitors.module.css'

const TONES = {
  'state.usable': 'good',
  'state.early': 'quiet',
  'state.used': 'quiet',
  'state.expired': 'quiet',
  'state.withdrawn': 'bad',
} as const

/** Codes are by what a visitor comes in, the newest first. */
export function Codes({ visitor, zone, mayChange }: { visitor: Visitor; zone: string; mayChange: boolean }) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const now = useNow()
  const [shown, setShown] = useState<Code>()
  const [adding, setAdding] = useState(false)
  const list = useQuery({
    queryKey: ['codes', visitor.id],
    queryFn: ({ signal }) =>
      readList<Code>(
        '/api/v2/visitors/codes',
        new URLSearchParams({ visitorId: String(visitor.id), limit: '100' }),
        signal,
      ),
  })
  const add = mayChange && visitor.isActive && (
    <Button size="xs" leftSection={<PlusIcon size={14} />} onClick={() => setAdding(true)}>
      {t('code.new')}
    </Button>
  )
  const close = () => {
    setAdding(false)
    setShown(undefined)
  }
  return (
    <Card title={t('codes')} actions={add} flush>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={2} />}
      {list.data?.items.length === 0 && <p className={css.hint}>{t('codes.none')}</p>}
      {list.data && list.data.items.length > 0 && (
        <table className={`${ui.table} ${ui.stack}`}>
          <thead>
            <tr>
              <th>{t('code')}</th>
              <th>{t('valid')}</th>
              <th>{t('uses')}</th>
              <th>{t('state')}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {list.data.items.map((code) => {
              const state = stateOf(code, now)
              return (
                <tr key={code.id} data-code={code.code}>
                  <td data-label={t('code')}>
                    <code>{code.code}</code>
                  </td>
                  <td data-label={t('valid')}>{period(code.startDate, code.endDate, zone, language)}</td>
                  <td data-label={t('uses')}>
                    {code.maxUses ? t('code.uses', { uses: code.uses, max: code.maxUses }) : code.uses}
                  </td>
                  <td data-label={t('state')}>
                    <Status tone={TONES[state]}>{t(state)}</Status>
                  </td>
                  <td>
                    <span className={css.rowButtons}>
                      {(state === 'state.usable' || state === 'state.early') && (
                        <Button
                          size="xs"
                          variant="default"
                          onClick={() => setShown(code)}
                          aria-label={t('code.qr', { name: code.code })}
                        >
                          {t('code.show')}
                        </Button>
                      )}
                      {mayChange && code.isActive && <Withdraw code={code} />}
                    </span>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {(shown || adding) && (
        <Modal
          opened
          onClose={close}
          title={shown ? t('code.qr', { name: visitor.name }) : t('code.new')}
          closeButtonProps={{ 'aria-label': common('close') }}
        >
          {shown ? (
            <QrCard code={shown} zone={zone} />
          ) : (
            <NewCode visitor={visitor} zone={zone} onReady={setShown} />
          )}
        </Modal>
      )}
    </Card>
  )
}

/** Withdraw takes a code back at the second press. */
function Withdraw({ code }: { code: Code }) {
  const t = useTexts()
  const [sure, setSure] = useState(false)
  const reread = useReread()
  const withdraw = useMutation({
    mutationFn: () =>
      answer(
        api.PATCH('/api/v2/visitors/codes/{id}', {
          params: { path: { id: code.id } },
          body: { isActive: false },
        }),
      ),
    onSuccess: reread,
  })
  return (
    <>
      <Button
        size="xs"
        variant={sure ? 'filled' : 'subtle'}
        color="red"
        loading={withdraw.isPending}
        onClick={() => (sure ? withdraw.mutate() : setSure(true))}
        onBlur={() => setSure(false)}
      >
        {t(sure ? 'code.sure' : 'code.withdraw')}
      </Button>
      {withdraw.isError && <ErrorNote error={withdraw.error} />}
    </>
  )
}

function NewCode({
  visitor,
  zone,
  onReady,
}: {
  visitor: Visitor
  zone: string
  onReady: (code: Code) => void
}) {
  const t = useTexts()
  const [validity, setValidity] = useState(() => validityOf(Date.now(), zone))
  const reread = useReread()
  const give = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/visitors/{id}/codes', {
          params: { path: { id: visitor.id } },
          body: codeOf(validity, zone),
        }),
      ),
    onSuccess: (code) => {
      reread()
      onReady(code)
    },
  })
  const { errorOf, rest } = fieldErrors(give.error, ['startDate', 'endDate', 'maxUses'])
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        give.mutate()
      }}
    >
      <CodeFields value={validity} onChange={setValidity} errorOf={errorOf} />
      {rest !== undefined && <ErrorNote error={rest} />}
      <Button type="submit" className={css.huge} loading={give.isPending}>
        {t('code.give')}
      </Button>
    </form>
  )
}
