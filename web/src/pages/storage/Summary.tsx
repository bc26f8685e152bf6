import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import { useLanguage } from '../../i18n/i18n'
import { bytes, dateTime, number } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Tiles } from '../../ui/Page'
import { Ago, Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { useUsage } from './useUsage'

const REFRESH_MS = 60_000

/** Summary is the page's answer: how much there is, when rules were carried out and will be, and what was not. */
export function Summary({ organizationId, zone }: { organizationId?: number; zone: string }) {
  const t = useTexts()
  const language = useLanguage()
  const usage = useUsage(organizationId)
  const status = useQuery({
    queryKey: ['retention', 'status'],
    queryFn: ({ signal }) => answer(api.GET('/api/v2/retention/status', { signal })),
    refetchInterval: REFRESH_MS,
  })
  if (status.isError) return <ErrorNote error={status.error} retry={() => void status.refetch()} />
  if (status.isPending) return <Rows count={2} />
  const { running, lastRunAt, nextRunAt, failed } = status.data
  const files = usage.data?.files ?? 0
  return (
    <Tiles
      items={[
        {
          label: t('size'),
          value: usage.data ? bytes(usage.data.bytes, language) : '—',
          note: usage.data && `${t('files')}: ${number(files, language)}`,
        },
        { label: t('lastRun'), value: running ? t('running') : <Ago at={lastRunAt} zone={zone} /> },
        { label: t('nextRun'), value: dateTime(Date.parse(nextRunAt), zone, language) },
        {
          label: t('failed'),
          value: <span className={failed > 0 ? ui.bad : undefined}>{number(failed, language)}</span>,
          note: failed > 0 && <Link href="/storage?tab=runs&failed=true">{t('failed.show')}</Link>,
        },
      ]}
    />
  )
}
