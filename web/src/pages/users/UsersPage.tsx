import { Button } from '@mantine/core'
import { useZone } from '../../api/queries'
import type { Account } from '../../api/types'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { Grid } from '../../ui/Grid'
import { PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { useColumns } from './columns'
import { useTexts } from './texts'
import { UserForm } from './UserForm'

export default function UsersPage() {
  const t = useTexts()
  const zone = useZone()
  const [params, change] = useUrlState()
  const make = (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => change({ new: 'user' })}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={t('lead')} actions={make}>
      <Administration page="users" />
      <Grid<Account>
        name="users"
        path="/api/v2/users"
        label={t('list')}
        columns={useColumns(zone)}
        zone={zone}
        rowKey={({ id }) => id}
        href={({ id }) => `/users/${id}`}
        empty={{ title: t('empty.title'), hint: t('empty.hint'), action: make }}
        rowProps={({ username }) => ({ 'data-user': username })}
      />
      {params.get('new') && <UserForm onClose={() => change({ new: null })} />}
    </Page>
  )
}
