import { Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations, useUser, useZone } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Ago, Rows, Secret } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Proof, type Known } from './Proof'
import { useTexts } from './texts'
import { useTotp } from './useTotp'

const KEY = ['security', 'tokens']
const DAY = 86_400_000

/** Tokens are what other programs act for the user with. */
export function Tokens() {
  const t = useTexts()
  const queries = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<string>()
  const list = useQuery({ queryKey: KEY, queryFn: () => answer(api.GET('/api/v2/auth/tokens')) })
  const got = (token: string) => {
    setMade(token)
    setMaking(false)
    void queries.invalidateQueries({ queryKey: KEY })
  }
  const make = !making && (
    <Button variant="default" size="xs" onClick={() => setMaking(true)}>
      {t('token.new')}
    </Button>
  )
  return (
    <Card title={t('tokens')} actions={make}>
      {list.isPending && <Rows count={2} />}
      {list.isError && <ErrorNote error={list.error} />}
      {made && (
        <div className={ui.form}>
          <p>{t('token.made')}</p>
          <Secret value={made} label={t('tokens')} />
          <div className={ui.actions}>
            <Button onClick={() => setMade(undefined)}>{t('token.done')}</Button>
          </div>
        </div>
      )}
      {making && <NewToken onMade={got} onCancel={() => setMaking(false)} />}
      {list.data?.items.length === 0 && !making && !made && <p className={ui.quiet}>{t('tokens.none')}</p>}
      {list.data && list.data.items.length > 0 && <List />}
    </Card>
  )
}

function List() {
  const t = useTexts()
  const zone = useZone()
  const language = useLanguage()
  const queries = useQueryClient()
  const list = useQuery({ queryKey: KEY, queryFn: () => answer(api.GET('/api/v2/auth/tokens')) })
  const revoke = useMutation({
    mutationFn: (id: number) => answer(api.DELETE('/api/v2/auth/tokens/{id}', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
  return (
    <div className={ui.scroll}>
      {revoke.isError && <ErrorNote error={revoke.error} />}
      <table className={`${ui.table} ${ui.stack}`}>
        <thead>
          <tr>
            <th>{t('token.name')}</th>
            <th>{t('token.scopes')}</th>
            <th>{t('token.expires')}</th>
            <th>{t('token.used')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {list.data?.items.map((one) => (
            <tr key={one.id} data-token={one.id}>
              <td className={ui.whole}>
                {one.name} <code>{one.prefix}…</code>
              </td>
              <td data-label={t('token.scopes')}>{one.scopes.join(', ')}</td>
              <td className={ui.nowrap} data-label={t('token.expires')}>
                {dateTime(Date.parse(one.expiresAt), zone, language)}
              </td>
              <td className={ui.nowrap} data-label={t('token.used')}>
                <Ago at={one.lastUsedAt} zone={zone} />
              </td>
              <td className={ui.number}>
                <Button
                  variant="default"
                  size="xs"
                  aria-label={t('token.revokeOf', { name: one.name })}
                  onClick={() => revoke.mutate(one.id)}
                >
                  {t('token.revoke')}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const FIELDS = ['name', 'scopes', 'organizationId', 'expiresAt']

function NewToken({ onMade, onCancel }: { onMade: (token: string) => void; onCancel: () => void }) {
  const t = useTexts()
  const user = useUser()
  const organizations = useOrganizations()
  const hasCode = useTotp().data?.enabled ?? false
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>([])
  const [organization, setOrganization] = useState<string | null>(null)
  const [days, setDays] = useState<number | string>(90)
  const rights = useQuery({
    queryKey: ['security', 'scopes'],
    queryFn: () => answer(api.GET('/api/v2/auth/tokens/scopes')),
  })
  const make = useMutation({
    mutationFn: (known: Known) =>
      answer(
        api.POST('/api/v2/auth/tokens', {
          body: {
            ...known,
            name,
            scopes,
            organizationId: organization === null ? undefined : Number(organization),
            expiresAt: new Date(Date.now() + Number(days) * DAY).toISOString(),
          },
        }),
      ),
    onSuccess: ({ token }) => onMade(token),
  })
  return (
    <Proof
      code={hasCode}
      submit={t('token.make')}
      pending={make.isPending}
      error={make.error}
      fields={FIELDS}
      onSubmit={(known) => make.mutate(known)}
      onCancel={onCancel}
    >
      {(errorOf) => (
        <>
          <TextInput
            label={t('token.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={errorOf('name')}
          />
          <MultiSelect
            label={t('token.scopes')}
            data={rights.data?.items ?? []}
            value={scopes}
            onChange={setScopes}
            searchable
            error={errorOf('scopes')}
          />
          {user.organizationId === undefined && (
            <Select
              label={t('token.organization')}
              data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
              value={organization}
              onChange={setOrganization}
              error={errorOf('organizationId')}
            />
          )}
          <NumberInput
            label={t('token.days')}
            min={1}
            max={365}
            value={days}
            onChange={setDays}
            error={errorOf('expiresAt')}
          />
        </>
      )}
    </Proof>
  )
}
