import { Button } from '@mantine/core'
import { LANGUAGES } from '../../app/language'
import { useDemo, useZone } from '../../api/queries'
import type { Organization } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime } from '../../lib/format'
import { useUrlState } from '../../lib/urlState'
import { Administration } from '../../ui/Administration'
import { Grid, type Column } from '../../ui/Grid'
import { PlusIcon } from '../../ui/icons'
import { Page } from '../../ui/Page'
import { Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { OrganizationForm } from './OrganizationForm'
import { useTexts } from './texts'

const NEW = 'new'

export default function OrganizationsPage() {
  const t = useTexts()
  const [params, change] = useUrlState()
  const edited = params.get('edit')
  const zone = useZone()
  const columns = useColumns()
  const make = (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => change({ edit: NEW })}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} actions={make}>
      <Administration page="organizations" />
      <Grid<Organization>
        name="organizations"
        path="/api/v2/organizations"
        label={t('list')}
        columns={columns}
        zone={zone}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ edit: id })}
        empty={{ title: t('empty.title'), hint: t('empty.hint'), action: make }}
        rowProps={({ id }) => ({ 'data-organization': id })}
      />
      {edited && (
        <OrganizationForm
          key={edited}
          id={edited === NEW ? undefined : Number(edited)}
          onClose={() => change({ edit: null })}
        />
      )}
    </Page>
  )
}

function useColumns(): Column<Organization>[] {
  const t = useTexts()
  const language = useLanguage()
  const demo = useDemo()
  const nameOf = (code: string) => LANGUAGES.find((one) => one.code === code)?.name ?? code
  return [
    {
      id: 'shortName',
      title: t('shortName'),
      head: true,
      sort: true,
      filter: { kind: 'text' },
      cell: (o) => (demo.has(o.id) ? `${o.shortName} (${t('demo')})` : o.shortName),
    },
    { id: 'fullName', title: t('fullName'), sort: true, filter: { kind: 'text' }, cell: (o) => o.fullName },
    {
      id: 'isActive',
      title: t('isActive'),
      sort: true,
      filter: { kind: 'bool', yes: t('active'), no: t('inactive') },
      cell: (o) => (
        <Status tone={o.isActive ? 'good' : 'quiet'}>{t(o.isActive ? 'active' : 'inactive')}</Status>
      ),
    },
    { id: 'zone', title: t('zone'), sort: true, filter: { kind: 'text' }, cell: (o) => o.zone },
    {
      id: 'language',
      title: t('language'),
      sort: true,
      cell: (o) => <span lang={o.language}>{nameOf(o.language)}</span>,
    },
    {
      id: 'phone',
      title: t('phone'),
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
      cell: (o) => o.phone || '—',
    },
    {
      id: 'email',
      title: t('email'),
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
      cell: (o) => o.email || '—',
    },
    {
      id: 'address',
      title: t('address'),
      sort: true,
      filter: { kind: 'text' },
      hidden: true,
      cell: (o) => o.address || '—',
    },
    {
      id: 'createdAt',
      title: t('createdAt'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: (o) => <span className={ui.nowrap}>{dateTime(Date.parse(o.createdAt), o.zone, language)}</span>,
    },
  ]
}
