import { Button, Modal } from '@mantine/core'
import { useLanguage } from '../../i18n/i18n'
import { PrintIcon } from '../../ui/icons'
import { useCommon } from '../../ui/texts'
import { usePicture } from '../../api/usePicture'
import { period } from './period'
import { printOnly } from './printOnly'
import { useTexts } from './texts'
import type { Visit } from './types'
import css from './visitors.module.css'

const KEEP_MS = 60_000

interface Props {
  visit: Visit
  zone: string
  organization?: string
  onClose: () => void
}

/** Badge is what a visitor wears: shown as it will be printed. */
export function Badge({ visit, zone, organization, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const language = useLanguage()
  const url = visit.codeId ? `/api/v2/visitors/codes/${visit.codeId}/qr` : undefined
  const { data: src, isLoading } = usePicture(url, KEEP_MS)
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('badge.print')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      <div className={`${css.badge} printed`}>
        <div className={css.badgeHead}>
          <span>{organization}</span>
          <strong>{t('badge.title')}</strong>
        </div>
        <strong className={css.badgeName}>{visit.visitorName}</strong>
        <div className={css.badgeBody}>
          <div>
            {visit.workPlace && <span>{visit.workPlace}</span>}
            <span>{visit.hostName ? t('host.to', { name: visit.hostName }) : t('host.none')}</span>
            <span>{period(visit.checkedInAt, visit.expectedUntil, zone, language)}</span>
            {visit.badge && <span>{t('badge.no', { n: visit.badge })}</span>}
          </div>
          {src && <img src={src} alt={t('code.qr', { name: visit.visitorName })} />}
        </div>
      </div>
      <Button
        className={css.huge}
        fullWidth
        leftSection={<PrintIcon />}
        disabled={isLoading}
        onClick={printOnly}
        data-autofocus
      >
        {t('print')}
      </Button>
    </Modal>
  )
}
