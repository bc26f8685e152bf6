import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { answer, api } from '../../api/client'
import { usePages, useUser, useZone } from '../../api/queries'
import type { Computer } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { PlusIcon, SearchIcon } from '../../ui/icons'
import { Card, Empty, Page } from '../../ui/Page'
import { Ago, More, Rows } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { AgentKey } from './AgentKey'
import { useTexts } from './texts'
import { Users } from './Users'

export default function ComputersPage() {
  const t = useTexts()
  const admin = useUser().role === 'ADMIN'
  const [making, setMaking] = useState(false)
  const make = admin && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
      {t('key.new')}
    </Button>
  )
  return (
    <Page title={t('title')} actions={make}>
      <Users />
      <Computers hint={t(admin ? 'empty.hint' : 'empty.other')} />
      {making && <AgentKey onClose={() => setMaking(false)} />}
    </Page>
  )
}

function Computers({ hint }: { hint: string }) {
  const t = useTexts()
  const common = useCommon()
  const [params, setParams] = useSearchParams()
  const [typed, setTyped] = useState(params.get('search') ?? '')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const list = usePages(['computers', 'list', search], (after, signal) =>
    answer(
      api.GET('/api/v2/computers', {
        params: { query: { limit: 50, after, search: search || undefined } },
        signal,
      }),
    ),
  )
  const remember = (text: string) => {
    setTyped(text)
    const next = new URLSearchParams(params)
    if (text) next.set('search', text)
    else next.delete('search')
    setParams(next, { replace: true })
  }
  const find = (
    <TextInput
      aria-label={t('find')}
      placeholder={t('find')}
      leftSection={<SearchIcon size={16} />}
      value={typed}
      onChange={(event) => remember(event.currentTarget.value)}
    />
  )
  return (
    <Card title={t('list')} actions={find} flush>
      {list.isPending && <Rows />}
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && search !== '' && (
        <p className={`${ui.cardBody} ${ui.quiet}`}>{common('nothing')}</p>
      )}
      {list.isSuccess && list.items.length === 0 && search === '' && (
        <Empty title={t('empty.title')} hint={hint} />
      )}
      {list.items.length > 0 && <ComputerTable computers={list.items} />}
      <More list={list} />
    </Card>
  )
}

function ComputerTable({ computers }: { computers: Computer[] }) {
  const t = useTexts()
  const zone = useZone()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('name')}</th>
          <th>{t('os')}</th>
          <th>{t('ip')}</th>
          <th>{t('seen')}</th>
        </tr>
      </thead>
      <tbody>
        {computers.map((computer) => {
          const name = computer.name || computer.computerUid
          return (
            <tr key={computer.id}>
              <td className={ui.whole}>
                <Link
                  href={`/day?computer=${encodeURIComponent(computer.computerUid)}`}
                  title={t('day', { name })}
                >
                  {name}
                </Link>
                {name !== computer.computerUid && <span className={ui.sub}>{computer.computerUid}</span>}
              </td>
              <td data-label={t('os')}>{computer.os || '—'}</td>
              <td data-label={t('ip')}>{computer.ipAddress || '—'}</td>
              <td data-label={t('seen')}>
                <Ago at={computer.lastSeenAt} zone={zone} />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
