import { Modal, Switch } from '@mantine/core'
import { Fragment, useState } from 'react'
import { keysOff, turnKeys, useKnownKeys } from '../ui/keys'
import { useCommon } from '../ui/texts'
import css from './shell.module.css'
import { useShell } from './texts'

/** KeySheet lists the keys that work now. */
export default function KeySheet({ onClose }: { onClose: () => void }) {
  const t = useShell()
  const common = useCommon()
  const here = useKnownKeys().filter(({ keys }) => keys !== '?')
  const [on, setOn] = useState(() => !keysOff())
  const opens = here.some(({ keys }) => keys === 'j') ? [['Enter', t('keys.open')]] : []
  return (
    <Modal opened onClose={onClose} title={t('keys')} closeButtonProps={{ 'aria-label': common('close') }}>
      <h3>{t('keys.everywhere')}</h3>
      <Keys
        of={[
          [/Mac|iP/.test(navigator.platform) ? '⌘ K' : 'Ctrl K', t('keys.palette')],
          ['?', t('keys.sheet')],
        ]}
      />
      {here.length > 0 && (
        <>
          <h3>{t('keys.here')}</h3>
          <Keys of={[...here.map(({ keys, says }) => [keys, says]), ...opens]} />
        </>
      )}
      <Switch
        label={t('keys.single')}
        checked={on}
        onChange={({ currentTarget: { checked } }) => {
          turnKeys(checked)
          setOn(checked)
        }}
      />
    </Modal>
  )
}

function Keys({ of }: { of: string[][] }) {
  return (
    <dl className={css.keys}>
      {of.map(([key, says]) => (
        <Fragment key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{says}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
