import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows, Secret } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Proof, type Known } from './Proof'
import { Qr } from './Qr'
import { useTexts } from './texts'
import { TOTP_KEY, useTotp } from './useTotp'

type Doing = 'begin' | 'renew' | 'disable'

/** SecondStep switches the second step of signing in on and off. */
export function SecondStep() {
  const t = useTexts()
  const queries = useQueryClient()
  const state = useTotp()
  const [doing, setDoing] = useState<Doing>()
  const [codes, setCodes] = useState<string[]>()
  const leave = () => setDoing(undefined)
  const gotCodes = (made?: string[]) => {
    setCodes(made)
    leave()
    void queries.invalidateQueries({ queryKey: TOTP_KEY })
  }
  return (
    <Card title={t('totp')}>
      {state.isPending && <Rows count={2} />}
      {state.isError && <ErrorNote error={state.error} />}
      {codes && <Codes codes={codes} onDone={() => setCodes(undefined)} />}
      {!codes && doing === 'begin' && <Begin onCodes={gotCodes} onCancel={leave} />}
      {!codes && (doing === 'renew' || doing === 'disable') && (
        <Change doing={doing} onDone={gotCodes} onCancel={leave} />
      )}
      {!codes && !doing && state.data && (
        <div className={ui.form}>
          <p>{state.data.enabled ? t('totp.on', { n: state.data.recoveryCodes }) : t('totp.off')}</p>
          <div className={ui.actions}>
            {!state.data.enabled && <Button onClick={() => setDoing('begin')}>{t('totp.begin')}</Button>}
            {state.data.enabled && (
              <>
                <Button variant="default" onClick={() => setDoing('renew')}>
                  {t('totp.renew')}
                </Button>
                <Button variant="default" onClick={() => setDoing('disable')}>
                  {t('totp.disable')}
                </Button>
              </>
            )}
          </div>
        </div>
      )}
    </Card>
  )
}

function Begin({ onCodes, onCancel }: { onCodes: (codes: string[]) => void; onCancel: () => void }) {
  const t = useTexts()
  const [code, setCode] = useState('')
  const begin = useMutation({
    mutationFn: (body: Known) => answer(api.POST('/api/v2/auth/me/totp', { body })),
  })
  const confirm = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/auth/me/totp/confirm', { body: { code } })),
    onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes),
  })
  if (!begin.data) {
    return (
      <Proof
        code={false}
        submit={t('totp.next')}
        pending={begin.isPending}
        error={begin.error}
        onSubmit={(known) => begin.mutate(known)}
        onCancel={onCancel}
      />
    )
  }
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate()
      }}
    >
      <p>{t('totp.scan')}</p>
      <Qr rows={begin.data.qr} label={t('totp.qr')} />
      <Secret value={begin.data.secret} label={t('totp.key')} />
      <a href={begin.data.url}>{t('totp.app')}</a>
      <TextInput
        label={t('code')}
        autoComplete="one-time-code"
        inputMode="numeric"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {confirm.isError && <ErrorNote error={confirm.error} />}
      <div className={ui.actions}>
        <Button type="submit" loading={confirm.isPending}>
          {t('totp.begin')}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </form>
  )
}

interface ChangeProps {
  doing: 'renew' | 'disable'
  onDone: (codes?: string[]) => void
  onCancel: () => void
}

function Change({ doing, onDone, onCancel }: ChangeProps) {
  const t = useTexts()
  const change = useMutation({
    mutationFn: async (body: Known) => {
      if (doing === 'renew')
        return (await answer(api.POST('/api/v2/auth/me/totp/recovery-codes', { body }))).recoveryCodes
      await answer(api.POST('/api/v2/auth/me/totp/disable', { body }))
      return undefined
    },
    onSuccess: (codes) => onDone(codes),
  })
  return (
    <Proof
      code
      submit={t(`totp.${doing}`)}
      pending={change.isPending}
      error={change.error}
      onSubmit={(known) => change.mutate(known)}
      onCancel={onCancel}
    />
  )
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const t = useTexts()
  return (
    <div className={ui.form}>
      <h3>{t('totp.codes')}</h3>
      <p>{t('totp.codes.hint')}</p>
      <Secret value={codes.join('\n')} label={t('totp.codes')} />
      <div className={ui.actions}>
        <Button onClick={onDone}>{t('totp.kept')}</Button>
      </div>
    </div>
  )
}
