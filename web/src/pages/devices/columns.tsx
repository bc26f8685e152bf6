import type { Device } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import type { Column } from '../../ui/Grid'
import { Ago, Status, type Tone } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

export const WAYS = ['ENTER', 'EXIT', 'BOTH'] as const
export const TYPES = ['FACE', 'CARD', 'CAR', 'QR', 'ACCESS_CONTROL', 'BIOMETRIC', 'OTHER'] as const
const STATES = ['ONLINE', 'OFFLINE', 'ERROR', 'MAINTENANCE'] as const

const TONES: Record<(typeof STATES)[number], Tone> = {
  ONLINE: 'good',
  OFFLINE: 'bad',
  ERROR: 'bad',
  MAINTENANCE: 'warn',
}

/** useColumns are what the list says of terminals; passes are those of today, by terminal, and gates the names of gates. */
export function useColumns(
  zone: string,
  passes?: Map<number, number>,
  gates?: Map<number, string>,
): Column<Device>[] {
  const t = useTexts()
  const language = useLanguage()
  return [
    { id: 'name', title: t('name'), head: true, sort: true, filter: { kind: 'text' }, cell: (d) => d.name },
    {
      id: 'status',
      title: t('state'),
      sort: true,
      filter: { kind: 'enum', chips: true, options: STATES.map((value) => ({ value, label: t(value) })) },
      cell: (d) => <State device={d} zone={zone} />,
    },
    {
      id: 'lastSeenAt',
      title: t('seen'),
      sort: true,
      nowrap: true,
      filter: { kind: 'dates' },
      cell: (d) => <Ago at={d.lastSeenAt} zone={zone} />,
    },
    {
      id: 'passesToday',
      title: t('passes'),
      number: true,
      cell: (d) => (passes ? number(passes.get(d.id) ?? 0, language) : '—'),
    },
    {
      id: 'entryType',
      title: t('way'),
      sort: true,
      filter: { kind: 'enum', options: WAYS.map((value) => ({ value, label: t(value) })) },
      cell: (d) => (d.entryType ? t(d.entryType) : '—'),
    },
    {
      id: 'type',
      title: t('type'),
      sort: true,
      filter: { kind: 'enum', options: TYPES.map((value) => ({ value, label: t(value) })) },
      cell: (d) => (d.type ? t(d.type) : '—'),
    },
    {
      id: 'ipAddress',
      title: t('address'),
      sort: true,
      nowrap: true,
      filter: { kind: 'text' },
      cell: (d) => d.ipAddress,
    },
    {
      id: 'gate',
      title: t('gate'),
      cell: (d) => (d.gateId && gates?.get(d.gateId)) || '—',
    },
    {
      id: 'port',
      title: t('port'),
      sort: true,
      hidden: true,
      number: true,
      cell: (d) => d.port ?? '—',
    },
    {
      id: 'serialNumber',
      title: t('serial'),
      sort: true,
      hidden: true,
      filter: { kind: 'text' },
      cell: (d) => d.serialNumber || '—',
    },
    {
      id: 'model',
      title: t('model'),
      sort: true,
      hidden: true,
      filter: { kind: 'text' },
      cell: (d) => [d.manufacturer, d.model].filter(Boolean).join(' ') || '—',
    },
    {
      id: 'firmware',
      title: t('firmware'),
      sort: true,
      hidden: true,
      filter: { kind: 'text' },
      cell: (d) => d.firmware || '—',
    },
    {
      id: 'isActive',
      title: t('used'),
      sort: true,
      hidden: true,
      filter: { kind: 'bool', yes: t('used.yes'), no: t('used.no') },
      cell: (d) => t(d.isActive ? 'used.yes' : 'used.no'),
    },
  ]
}

/** State is what a terminal last said of itself, and since when it says so. One that is turned off is out of use. */
export function State({ device, zone }: { device: Device; zone: string }) {
  const t = useTexts()
  const known = STATES.find((state) => state === device.status)
  if (!device.isActive) return <Status tone="quiet">{t('used.no')}</Status>
  if (!device.status)
    return <Status tone="quiet">{t(device.lastSeenAt ? 'state.unknown' : 'unknown')}</Status>
  return (
    <div>
      <Status tone={known ? TONES[known] : 'warn'}>{known ? t(known) : device.status}</Status>
      <span className={ui.sub}>
        <Ago at={device.statusSince} zone={zone} />
      </span>
    </div>
  )
}
