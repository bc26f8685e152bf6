import { Button } from '@mantine/core'
import { download } from '../../api/list'
import { authorized } from '../../api/client'
import { useLanguage } from '../../i18n/i18n'
import { DownloadIcon, LinkIcon, PrintIcon } from '../../ui/icons'
import { Rows } from '../../ui/parts'
import { usePicture } from '../../api/usePicture'
import { period } from './period'
import { printOnly } from './printOnly'
import { useTexts } from './texts'
import type { Code } from './types'
import css from './visitors.module.css'

const KEEP_MS = 60_000

/** QrCard is a code to be shown at the door: on a screen, on paper, or sent to the visitor. */
export function QrCard({ code, zone }: { code: Code; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const path = `/api/v2/visitors/codes/${code.id}/qr`
  const { data: src, isPending } = usePicture(path, KEEP_MS)
  const title = t('code.qr', { name: code.visitorName })
  return (
    <div className={css.qr}>
      <div className={`${css.qrSheet} printed`}>
        <strong>{code.visitorName}</strong>
        {isPending && <Rows count={4} />}
        {src && <img src={src} alt={title} />}
        <code>{code.code}</code>
        <span>{period(code.startDate, code.endDate, zone, language)}</span>
      </div>
      <div className={css.qrButtons}>
        <Button
          variant="default"
          leftSection={<DownloadIcon size={16} />}
          onClick={() => void download(path, new URLSearchParams(), `${code.code}.png`, () => undefined)}
        >
          {t('download')}
        </Button>
        <Button variant="default" leftSection={<PrintIcon size={16} />} onClick={printOnly} disabled={!src}>
          {t('print')}
        </Button>
        {canShare() && (
          <Button
            variant="default"
            leftSection={<LinkIcon size={16} />}
            onClick={() => void share(path, `${code.code}.png`, title)}
          >
            {t('share')}
          </Button>
        )}
      </div>
    </div>
  )
}

const canShare = () =>
  Boolean(navigator.canShare?.({ files: [new File([''], 'code.png', { type: 'image/png' })] }))

/** share hands the picture to another program of the phone; who closes that has changed their mind. */
async function share(path: string, name: string, title: string): Promise<void> {
  const response = await authorized(new Request(new URL(path, location.origin)))
  if (!response.ok) return
  const file = new File([await response.blob()], name, { type: 'image/png' })
  await navigator.share({ files: [file], title }).catch(() => undefined)
}
