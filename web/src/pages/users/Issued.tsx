import { Button } from '@mantine/core'
import { Secret } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** Issued shows a new password, once, for the administrator to hand over. */
export function Issued(props: { username: string; password: string; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  return (
    <div className={ui.form}>
      <dl className={ui.facts}>
        <div>
          <dt>{t('username')}</dt>
          <dd>{props.username}</dd>
        </div>
      </dl>
      <Secret value={props.password} label={t('password')} />
      <p>
        <strong>{common('once')}</strong> {t('password.hand')}
      </p>
      <div className={ui.actions}>
        <Button variant="default" onClick={props.onClose}>
          {common('close')}
        </Button>
      </div>
    </div>
  )
}
