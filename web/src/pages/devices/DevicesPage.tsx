import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import { useUser, useZone } from '../../api/queries'
import type { Device } from '../../api/types'
import { useUrlState } from '../../lib/urlState'
import { Equipment } from '../../ui/Equipment'
import { Grid } from '../../ui/Grid'
import { PlusIcon } from '../../ui/icons'
import { OrganizationSelect, useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useColumns } from './columns'
import { DeviceForm } from './DeviceForm'
import { useGates } from './GateSelect'
import { useTexts } from './texts'

const REFRESH_MS = 30_000
const NEW = 'new'

/** DevicesPage is the terminals at the doors: how each is, and for who may, its record. */
export default function DevicesPage() {
  const t = useTexts()
  const mayEdit = useUser().role === 'ADMIN'
  const organizationId = useChosenOrganization()
  const known = useKnowsOrganization()
  const today = useToday(known, organizationId)
  const zone = useZone(organizationId)
  const [params, change] = useUrlState()
  const edited = params.get('edit')
  const gates = useGates(organizationId, known)
  const columns = useColumns(zone, today?.passes, gates && new Map(gates.map(({ id, name }) => [id, name])))
  const make = mayEdit && (
    <Button leftSection={<PlusIcon size={16} />} onClick={() => change({ edit: NEW })}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} lead={t('lead')} actions={make}>
      <div className={ui.bars}>
        <Equipment page="devices" />
        <OrganizationSelect />
      </div>
      {known ? (
        <Grid<Device>
          name="devices"
          path="/api/v2/devices"
          label={t('list')}
          columns={columns}
          zone={zone}
          refresh={REFRESH_MS}
          rowKey={({ id }) => id}
          fixed={{ organization: organizationId }}
          onOpen={mayEdit ? ({ id }) => change({ edit: id }) : undefined}
          empty={{
            title: t('empty.title'),
            hint: t(mayEdit ? 'empty.hint' : 'empty.other'),
            action: make,
          }}
          rowProps={({ name }) => ({ 'data-device': name })}
        />
      ) : (
        <Rows />
      )}
      {edited && known && (
        <DeviceForm
          key={edited}
          id={edited === NEW ? undefined : Number(edited)}
          organizationId={organizationId}
          onClose={() => change({ edit: null })}
        />
      )}
    </Page>
  )
}

/** useToday reads how many passes each terminal told of today, and in which zone that is; nothing while it is not known. */
function useToday(enabled: boolean, organization?: number) {
  const query = useQuery({
    queryKey: ['passes', 'today', organization],
    enabled,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/passes/today', { params: { query: { organization } }, signal })),
    refetchInterval: REFRESH_MS,
  })
  const { data } = query
  return data && { zone: data.zone, passes: new Map(data.devices.map(({ id, passes }) => [id, passes])) }
}
