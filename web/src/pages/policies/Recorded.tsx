import { NumberInput, Switch } from '@mantine/core'
import { useLanguage } from '../../i18n/i18n'
import { interval } from '../../lib/format'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import type { PartProps } from './PolicyForm'
import { useTexts } from './texts'

const MOST = 86_400
const switches = ['activeWindows', 'visitedSites', 'screenshots'] as const

/** Recorded is what agents report. */
export function Recorded({ values, set, errorOf }: PartProps) {
  const t = useTexts()
  const language = useLanguage()
  const seconds = values.screenshotSeconds
  const hint =
    seconds > 0 && seconds <= MOST
      ? t('screenshotSeconds.every', { every: interval(seconds, language) })
      : t('screenshotSeconds.agent')
  return (
    <Card title={t('recorded')}>
      <div className={ui.form}>
        {switches.map((field) => (
          <Switch
            key={field}
            label={t(field)}
            checked={values[field]}
            onChange={(event) => set({ [field]: event.currentTarget.checked })}
            error={errorOf(field)}
          />
        ))}
        {values.screenshots && (
          <div className={css.inner}>
            <NumberInput
              label={t('screenshotSeconds')}
              description={hint}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={seconds > 0 ? seconds : ''}
              onChange={(value) => set({ screenshotSeconds: Number(value) || 0 })}
              error={errorOf('screenshotSeconds')}
              min={0}
              max={MOST}
              clampBehavior="none"
              allowDecimal={false}
              hideControls
            />
            <Switch
              label={t('screenshotGrayscale')}
              checked={values.screenshotGrayscale}
              onChange={(event) => set({ screenshotGrayscale: event.currentTarget.checked })}
              error={errorOf('screenshotGrayscale')}
            />
            <Switch
              label={t('screenshotAll')}
              description={t('screenshotAll.hint')}
              checked={values.screenshotAll}
              onChange={(event) => set({ screenshotAll: event.currentTarget.checked })}
              error={errorOf('screenshotAll')}
            />
          </div>
        )}
      </div>
    </Card>
  )
}
