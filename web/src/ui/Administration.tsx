import { SegmentedControl } from '@mantine/core'
import { useLocation } from 'wouter'
import { useCommon } from './texts'
import ui from './ui.module.css'

const PAGES = ['users', 'organizations', 'access', 'storage'] as const

/** Administration leads from one of an administrator's pages to the others; the menu has one entry for them all. */
export function Administration({ page }: { page: (typeof PAGES)[number] }) {
  const t = useCommon()
  const [, navigate] = useLocation()
  return (
    <div className={ui.scroll}>
      <SegmentedControl
        aria-label={t('administration')}
        value={page}
        onChange={(value) => navigate(`/${value}`)}
        data={PAGES.map((value) => ({ value, label: t(`administration.${value}`) }))}
      />
    </div>
  )
}
