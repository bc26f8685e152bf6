import { SegmentedControl } from '@mantine/core'
import { useLocation } from 'wouter'
import { useUser } from '../api/queries'
import { useCommon } from './texts'

const PAGES = ['passes', 'visitors'] as const

/** Entrance leads from passes to visitors and back where the menu has one entry for both. */
export function Entrance({ page }: { page: (typeof PAGES)[number] }) {
  const t = useCommon()
  const [, navigate] = useLocation()
  if (!['ADMIN', 'HR'].includes(useUser().role)) return null
  return (
    <SegmentedControl
      aria-label={t('entrance')}
      value={page}
      onChange={(value) => navigate(`/${value}`)}
      data={PAGES.map((value) => ({ value, label: t(`entrance.${value}`) }))}
    />
  )
}
