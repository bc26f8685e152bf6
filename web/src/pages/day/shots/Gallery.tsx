import { UnstyledButton } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { useState } from 'react'
import { answer, api } from '../../../api/client'
import type { Screenshot, ScreenshotPage } from '../../../api/types'
import { usePages } from '../../../api/queries'
import { time } from '../../../lib/format'
import { ErrorNote } from '../../../ui/ErrorNote'
import { Card } from '../../../ui/Page'
import { More, Rows } from '../../../ui/parts'
import ui from '../../../ui/ui.module.css'
import { OpenPicture } from './OpenPicture'
import css from './shots.module.css'
import { useTexts } from './texts'
import { usePicture } from '../../../api/usePicture'

const PAGE = 48

interface GalleryProps {
  of: { employee?: number; computer?: string }
  date: string
  zone: string
}

/** Gallery is the day's screenshots, blurred, newest first. */
export function Gallery({ of, date, zone }: GalleryProps) {
  const t = useTexts()
  const [opened, setOpened] = useState<Screenshot>()
  const list = usePages<Screenshot>(['screenshots', of, date], (after, signal) =>
    answer(
      api.GET('/api/v2/screenshots', { params: { query: { ...of, date, limit: PAGE, after } }, signal }),
    ),
  )
  const first = list.data?.pages[0] as ScreenshotPage | undefined
  return (
    <Card title={t('title')}>
      {list.isError && <ErrorNote error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Rows count={3} />}
      {first && list.items.length === 0 && (
        <p className={ui.quiet}>{t(first.policy?.enabled === false ? 'none.off' : 'none.hint')}</p>
      )}
      {first && list.items.length > 0 && (
        <>
          <p className={css.lead}>{t(first.canOpen ? 'lead' : 'lead.blurred')}</p>
          <ul className={css.pictures}>
            {list.items.map((shot) => (
              <li key={shot.id}>
                <Tile shot={shot} zone={zone} onOpen={first.canOpen ? () => setOpened(shot) : undefined} />
              </li>
            ))}
          </ul>
          <More list={list} />
        </>
      )}
      {opened && <OpenPicture shot={opened} zone={zone} onClose={() => setOpened(undefined)} />}
    </Card>
  )
}

function Tile({ shot, zone, onOpen }: { shot: Screenshot; zone: string; onOpen?: () => void }) {
  const t = useTexts()
  const at = time(Date.parse(shot.datetime), zone)
  const what = shot.title || shot.processName || shot.computerName || shot.computerUid
  const inside = (
    <>
      <Blurred shot={shot} />
      <span className={css.at}>{at}</span>
      <span className={css.what} title={what}>
        {what}
      </span>
    </>
  )
  if (!onOpen || !shot.hasPicture) return <div className={css.tile}>{inside}</div>
  return (
    <UnstyledButton className={css.tile} onClick={onOpen} title={t('open')}>
      {inside}
    </UnstyledButton>
  )
}

const KEEP_MS = 300_000

/** Blurred is read once it comes near the screen. */
function Blurred({ shot }: { shot: Screenshot }) {
  const t = useTexts()
  const { ref, entry } = useIntersection({ rootMargin: '200px' })
  const [near, setNear] = useState(false)
  if (entry?.isIntersecting && !near) setNear(true)
  const url = `/api/v2/screenshots/${encodeURIComponent(shot.id)}/blurred`
  const { data: src, error } = usePicture(near && shot.hasPicture ? url : undefined, KEEP_MS)
  return (
    <span ref={ref} className={css.picture}>
      {src && <img src={src} alt="" />}
      {!shot.hasPicture && t('missing')}
      {error && t('unreadable')}
    </span>
  )
}
