import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { CSSProperties } from 'react'
import { answer, api } from '../../api/client'
import type { Heatmap } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, number } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import ui from '../../ui/ui.module.css'
import type { Address, Asked } from './address'
import { heats, hottest, unitOf } from './numbers'
import css from './statistics.module.css'
import { useTexts } from './texts'
import { useWeekday } from './words'

const UNITS = { minutes: 60, hours: 3600 }
const SHADES = [0, 0.25, 0.5, 0.75, 1]

/** Heat is the use by weekday and hour: a table whose cells have the number, and a colour as strong as it is large. */
export function Heat({ asked, address }: { asked: Asked; address: Address }) {
  const t = useTexts()
  const { kind, name } = address
  const query = useQuery({
    queryKey: ['statistics', 'heatmap', asked, kind, name],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/activity/heatmap', { params: { query: { ...asked, kind, name } }, signal })),
    placeholderData: keepPreviousData,
  })
  const file = useFile(query.data)
  const tools = (
    <SaveCsv name={`${kind}-hours-${asked.from}`} of={t('heatmap')} rows={file} disabled={!query.data} />
  )
  return (
    <Card title={t('heatmap')} actions={tools} flush={query.isSuccess}>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Rows count={7} />}
      {query.data && <Map map={query.data} />}
    </Card>
  )
}

const shade = (share: number) => ({ '--share': share }) as CSSProperties
const clock = (hour: number) => String(hour).padStart(2, '0')

function Map({ map }: { map: Heatmap }) {
  const t = useTexts()
  const language = useLanguage()
  const weekday = useWeekday()
  const shown = heats(map)
  const most = hottest(shown)
  const unit = unitOf(most)
  const written = (seconds: number) => {
    const value = seconds / UNITS[unit]
    return number(value, language, value < 10 && unit === 'hours' ? 1 : 0)
  }
  return (
    <>
      <div className={ui.scroll} tabIndex={0} role="region" aria-label={t('heatmap')}>
        <table className={css.heat}>
          <caption>{t(`heatmap.${unit}`)}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className={ui.spoken}>{t('weekday')}</span>
              </th>
              {Array.from({ length: 24 }, (_, hour) => (
                <th key={hour} scope="col">
                  {clock(hour)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ weekday: number, hours }) => (
              <tr key={number}>
                <th scope="row">{weekday(number)}</th>
                {hours.map(({ total, average, share }, hour) => {
                  const when = `${weekday(number)}, ${clock(hour)}:00–${clock(hour + 1)}:00`
                  const values = {
                    when,
                    average: duration(average, language),
                    total: duration(total, language),
                  }
                  return (
                    <td
                      key={hour}
                      style={shade(share)}
                      title={t('heatmap.cell', values)}
                      data-empty={total === 0 || undefined}
                    >
                      {total === 0 ? '·' : written(average)}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.legend} aria-hidden="true">
        {t('heatmap.least')}
        {SHADES.map((share) => (
          <span key={share} style={shade(share)} />
        ))}
        {t('heatmap.most')}: {duration(most, language)}
      </p>
    </>
  )
}

function useFile(map?: Heatmap): () => string[][] {
  const t = useTexts()
  const weekday = useWeekday()
  const seconds = t('seconds')
  return () => [
    [t('weekday'), t('hour'), t('weekday.days'), `${t('total')}, ${seconds}`, `${t('average')}, ${seconds}`],
    ...(map?.rows ?? []).flatMap(({ weekday: number, days, hours }) =>
      hours.map((total, hour) => [
        weekday(number),
        `${clock(hour)}:00`,
        String(days),
        String(total),
        days > 0 ? String(Math.round(total / days)) : '',
      ]),
    ),
  ]
}
