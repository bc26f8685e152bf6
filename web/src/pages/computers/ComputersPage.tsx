import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { LinkIcon, PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { AgentKey } from './AgentKey'
import css from './computers.module.css'
import { Computers } from './Computers'
import { Duplicates } from './Duplicates'
import { useTexts } from './texts'
import { Users } from './Users'

export default function ComputersPage() {
  const t = useTexts()
  const role = useUser().role
  const [making, setMaking] = useState(false)
  const [params, change] = useUrlState()
  const tab = params.get('tab') === 'users' ? 'users' : 'computers'
  const waiting = useWaiting()
  const make = role === 'ADMIN' && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => setMaking(true)}>
      {t('key.new')}
    </Button>
  )
  const usersTab = waiting ? `${t('tab.users')} · ${waiting}` : t('tab.users')
  const show = (value: string) =>
    change(
      { tab: value === 'users' ? value : null, q: null, sort: null, after: null, page: null },
      { push: true },
    )
  return (
    <Page title={t('title')} actions={make}>
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t('tabs')}
          value={tab}
          onChange={show}
          data={[
            { value: 'computers', label: t('title') },
            { value: 'users', label: usersTab },
          ]}
        />
      </div>
      {tab === 'users' && <Users />}
      {tab === 'computers' && (
        <>
          {waiting && (
            <p className={css.notice}>
              <LinkIcon size={18} />
              <span>{t('waiting', { n: waiting })}</span>
              <Button size="xs" variant="default" onClick={() => show('users')}>
                {t('waiting.link')}
              </Button>
            </p>
          )}
          <Duplicates />
          <Computers hint={t(role === 'ADMIN' ? 'empty.hint' : 'empty.other')} />
        </>
      )}
      {making && <AgentKey onClose={() => setMaking(false)} />}
    </Page>
  )
}

/** useWaiting is how many Windows users nobody has linked yet, as it is written; nothing where there are none. */
function useWaiting(): string | undefined {
  const language = useLanguage()
  const query = useQuery({
    queryKey: ['computer-users', 'waiting'],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/computers/users', {
          params: { query: { linked: false, limit: 1 } },
          signal,
        }),
      ),
  })
  return query.data?.total ? number(query.data.total, language) : undefined
}
