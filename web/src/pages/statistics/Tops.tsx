import { Button, CloseButton, TextInput, UnstyledButton } from '@mantine/core'
import { useRef, useState } from 'react'
import type { Top, TopItem } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { fold } from '../../lib/fold'
import { duration, percent } from '../../lib/format'
import type { ChangeUrl } from '../../lib/urlState'
import { Bar } from '../../ui/Bar'
import { SearchIcon } from '../../ui/icons'
import { useKeys } from '../../ui/keys'
import { Card } from '../../ui/Page'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import type { Address, Kind } from './address'
import css from './statistics.module.css'
import { useTexts } from './texts'
import { useChange } from './words'

/** How many names stand there before more are asked for. */
const FIRST = 10

interface Props {
  applications: Top
  sites: Top
  address: Address
  change: ChangeUrl
}

/** Tops are what was used most: bar charts that are their own tables. A name narrows what stands below. */
export function Tops({ applications, sites, address, change }: Props) {
  const t = useTexts()
  const common = useCommon()
  const search = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', says: common('search'), run: () => search.current?.focus() }])
  const show = (kind: Kind, name: string) => {
    const same = address.kind === kind && address.name === name
    change({ kind: kind === 'sites' ? kind : null, name: same ? null : name })
  }
  return (
    <>
      <TextInput
        ref={search}
        className={css.find}
        aria-label={t('find')}
        placeholder={t('find')}
        value={address.find}
        onChange={(event) => change({ find: event.currentTarget.value })}
        leftSection={<SearchIcon size={16} />}
        rightSection={
          address.find && (
            <CloseButton size="sm" aria-label={common('clear')} onClick={() => change({ find: null })} />
          )
        }
      />
      <div className={css.tops}>
        {[applications, sites].map((top) => (
          <Names
            key={top.kind}
            top={top}
            find={address.find}
            chosen={address.kind === top.kind ? address.name : undefined}
            onShow={(name) => show(top.kind, name)}
          />
        ))}
      </div>
    </>
  )
}

interface NamesProps {
  top: Top
  find: string
  chosen?: string
  onShow: (name: string) => void
}

function Names({ top, find, chosen, onShow }: NamesProps) {
  const t = useTexts()
  const common = useCommon()
  const [shown, setShown] = useState(FIRST)
  const file = useFile(top)
  const title = t(top.kind === 'sites' ? 'topSites' : 'topApplications')
  const found = top.items.filter(({ name }) => fold(name).includes(fold(find.trim())))
  const all = find.trim() === '' && shown >= found.length
  const most = top.items[0]?.seconds || 1
  const compared = top.previous.totalSeconds > 0
  if (found.length === 0) {
    return (
      <Card title={title}>
        <p className={ui.quiet}>{t(top.items.length === 0 ? 'top.none' : 'find.none')}</p>
        <Searched top={top} find={find} />
      </Card>
    )
  }
  return (
    <Card title={title} flush actions={<SaveCsv name={`${top.kind}-${top.from}`} of={title} rows={file} />}>
      <table className={`${ui.table} ${css.top}`}>
        <thead>
          <tr>
            <th>{t('name')}</th>
            <th className={ui.number}>{t('time')}</th>
            <th className={ui.number}>{t('share')}</th>
            {compared && <th className={ui.number}>{t('change')}</th>}
          </tr>
        </thead>
        <tbody>
          {found.slice(0, shown).map((item) => (
            <Row
              key={item.name}
              item={item}
              most={most}
              kind={top.kind}
              compared={compared}
              chosen={chosen === item.name}
              onShow={onShow}
            />
          ))}
          {all && top.otherSeconds > 0 && <Others top={top} compared={compared} />}
        </tbody>
      </table>
      {shown < found.length && (
        <div className={ui.more}>
          <Button variant="default" size="xs" onClick={() => setShown(shown + 3 * FIRST)}>
            {common('more')}
          </Button>
        </div>
      )}
      <Searched top={top} find={find} />
    </Card>
  )
}

interface RowProps {
  item: TopItem
  most: number
  kind: Kind
  /** Whether there is anything to compare with. */
  compared: boolean
  chosen: boolean
  onShow: (name: string) => void
}

function Row({ item, most, kind, compared, chosen, onShow }: RowProps) {
  const t = useTexts()
  const language = useLanguage()
  const grown = useChange()
  return (
    <tr data-name={item.name}>
      <td>
        {item.name === '' ? (
          <span className={css.name}>{t('nameless')}</span>
        ) : (
          <UnstyledButton
            className={css.name}
            aria-pressed={chosen}
            title={t('show', { name: item.name })}
            onClick={() => onShow(item.name)}
          >
            {item.name}
          </UnstyledButton>
        )}
        <Bar share={item.seconds / most} colour={kind === 'sites' ? 'var(--series-3)' : 'var(--series-1)'} />
      </td>
      <td className={ui.number} data-label={t('time')}>
        {duration(item.seconds, language)}
      </td>
      <td className={ui.number}>{percent(item.share, language, item.share < 0.1 ? 1 : 0)}</td>
      {compared && <td className={ui.number}>{grown(item.seconds, item.previousSeconds)}</td>}
    </tr>
  )
}

function Others({ top, compared }: { top: Top; compared: boolean }) {
  const t = useTexts()
  const language = useLanguage()
  const share = top.otherSeconds / (top.totalSeconds || 1)
  return (
    <tr>
      <td className={ui.quiet}>{t('others')}</td>
      <td className={ui.number}>{duration(top.otherSeconds, language)}</td>
      <td className={ui.number}>{percent(share, language, share < 0.1 ? 1 : 0)}</td>
      {compared && <td />}
    </tr>
  )
}

/** Searched says that the server gave only the names used most, where there are more. */
function Searched({ top, find }: { top: Top; find: string }) {
  const t = useTexts()
  if (find.trim() === '' || top.names <= top.items.length) return null
  return <p className={css.note}>{t('find.most', { n: top.items.length })}</p>
}

function useFile(top: Top): () => string[][] {
  const t = useTexts()
  const seconds = t('seconds')
  return () => [
    [t('name'), `${t('time')}, ${seconds}`, t('share'), `${t('before')}, ${seconds}`],
    ...top.items.map((item) => [
      item.name,
      String(item.seconds),
      String(item.share),
      String(item.previousSeconds),
    ]),
  ]
}
