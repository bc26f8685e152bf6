import { UnstyledButton } from '@mantine/core'
import type { Share } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { duration, percent } from '../../lib/format'
import { Bar } from '../../ui/Bar'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './day.module.css'
import { colourOf } from './pieces'
import { useTexts } from './texts'

/** Top is a bar chart that is its own table; a name shows its rows in the lanes above. */
export function Top(props: { title: string; shares: Share[]; find: string; onShow: (name: string) => void }) {
  const t = useTexts()
  const language = useLanguage()
  const most = props.shares[0]?.seconds || 1
  return (
    <Card title={props.title} flush={props.shares.length > 0}>
      {props.shares.length === 0 ? (
        <p className={ui.quiet}>{t('top.none')}</p>
      ) : (
        <table className={`${ui.table} ${css.top}`}>
          <thead>
            <tr>
              <th>{t('name')}</th>
              <th className={ui.number}>{t('time')}</th>
              <th className={ui.number}>{t('share')}</th>
            </tr>
          </thead>
          <tbody>
            {props.shares.map((share, rank) => (
              <tr key={share.name}>
                <td>
                  <UnstyledButton
                    className={css.topName}
                    aria-pressed={props.find === share.name}
                    title={t('show', { name: share.name })}
                    onClick={() => props.onShow(share.name)}
                  >
                    {share.name || '—'}
                  </UnstyledButton>
                  <Bar share={share.seconds / most} colour={colourOf(rank)} />
                </td>
                <td className={ui.number}>{duration(share.seconds, language)}</td>
                <td className={ui.number}>{percent(share.share, language, share.share < 0.1 ? 1 : 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}
