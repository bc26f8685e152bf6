import { Link } from 'wouter'
import { useGateways } from '../../api/queries'
import { AlertIcon, ComputerIcon, GatewayIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './today.module.css'
import { useTexts } from './texts'
import type { Attention, Today } from './types'
import { placeOf, useTrouble } from './words'

const ICONS = { gateway: GatewayIcon, agent: ComputerIcon, alert: AlertIcon }

/** How many troubles are shown; the pages of gateways and computers have the rest. */
const MOST = 8

/** AttentionStrip is what is wrong with gateways and agents: why, since when, and the way to it. */
export function AttentionStrip({ today }: { today: Today }) {
  const t = useTexts()
  const trouble = useTrouble(today.zone)
  const items = today.attention.slice(0, MOST)
  return (
    <Card title={t('attention')} flush={items.length > 0}>
      {items.length === 0 ? (
        <p className={ui.quiet}>{t('attention.none')}</p>
      ) : (
        <ul className={css.troubles}>
          {items.map((item) => (
            <li key={item.kind + item.id} data-attention={item.kind}>
              <Trouble item={item} says={trouble(item)} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Trouble({ item, says }: { item: Attention; says: string }) {
  const t = useTexts()
  const Icon = ICONS[item.kind]
  return (
    <Link href={placeOf(item)} className={css.trouble}>
      <span className={css.troubleIcon} data-kind={item.kind}>
        <Icon size={16} />
      </span>
      <span>
        <strong>
          <span className={ui.spoken}>{t(item.kind)} </span>
          {item.kind === 'alert' ? <Subject of={item.name} /> : item.name}
        </strong>
        <span className={css.troubleWhy}>{says}</span>
        {item.employeeName && <small>{item.employeeName}</small>}
      </span>
    </Link>
  )
}

/** Subject is what an alert is about, by its name where that is a gateway. */
function Subject({ of }: { of: string }) {
  const gateway = useGateways().items.find(({ id }) => `gateway:${id}` === of)
  return gateway ? gateway.name || gateway.serial : of
}
