import { useLanguage } from '../../i18n/i18n'
import { bytes, number, percent } from '../../lib/format'
import { Bar } from '../../ui/Bar'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'
import { useUsage } from './useUsage'
import { useResource } from './words'

/** Usage is what files take, by their kinds. */
export function Usage({ organizationId }: { organizationId?: number }) {
  const t = useTexts()
  const language = useLanguage()
  const resource = useResource()
  const usage = useUsage(organizationId)
  const kinds = (usage.data?.byKind ?? []).toSorted((a, b) => b.bytes - a.bytes)
  const most = kinds[0]?.bytes || 1
  const file = () => [
    [t('kind'), t('files'), `${t('bytes')}, ${t('bytes.unit')}`],
    ...kinds.map(({ kind, files, bytes: size }) => [resource(kind), String(files), String(size)]),
  ]
  return (
    <Card
      title={t('usage')}
      flush={kinds.length > 0}
      actions={<SaveCsv name="storage" of={t('usage')} rows={file} disabled={kinds.length === 0} />}
    >
      {usage.isError && <ErrorNote error={usage.error} retry={() => void usage.refetch()} />}
      {usage.isPending && <Rows count={3} />}
      {usage.isSuccess && kinds.length === 0 && <p className={ui.quiet}>{t('usage.none')}</p>}
      {usage.data && kinds.length > 0 && (
        <table className={ui.table}>
          <thead>
            <tr>
              <th>{t('kind')}</th>
              <th className={ui.number}>{t('files')}</th>
              <th className={ui.number}>{t('bytes')}</th>
              <th className={ui.number}>{t('share')}</th>
            </tr>
          </thead>
          <tbody>
            {kinds.map(({ kind, files, bytes: size }) => (
              <tr key={kind} data-kind={kind}>
                <td>
                  {resource(kind)}
                  <Bar share={size / most} colour="var(--series-1)" />
                </td>
                <td className={ui.number}>{number(files, language)}</td>
                <td className={ui.number}>{bytes(size, language)}</td>
                <td className={ui.number}>{percent(size / (usage.data.bytes || 1), language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}
