import { SegmentedControl } from '@mantine/core'
import { useLocation } from 'wouter'
import { useUser } from '../api/queries'
import { useCommon } from './texts'

const PAGES = ['gateways', 'devices'] as const

/** Equipment leads from gateways to door terminals and back where the menu has one entry for both. */
export function Equipment({ page }: { page: (typeof PAGES)[number] }) {
  const t = useCommon()
  const [, navigate] = useLocation()
  if (useUser().role !== 'ADMIN') return null
  return (
    <div>
      <SegmentedControl
        aria-label={t('equipment')}
        value={page}
        onChange={(value) => navigate(`/${value}`)}
        data={PAGES.map((value) => ({ value, label: t(`equipment.${value}`) }))}
      />
    </div>
  )
}
