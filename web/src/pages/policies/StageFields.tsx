import { NumberInput, SegmentedControl } from '@mantine/core'
import ui from '../../ui/ui.module.css'
import { AT_ONCE, type Stage } from './input'
import css from './policies.module.css'
import { useTexts } from './texts'

interface Props {
  stage: Stage
  onChange: (stage: Stage) => void
  errorOf: (field: string) => string | undefined
}

/** StageFields choose to how many gateways a new version goes first, and how it goes on. */
export function StageFields({ stage, onChange, errorOf }: Props) {
  const t = useTexts()
  const part = stage.percent !== 100
  const number = (field: keyof Stage, min: number, max: number) => ({
    label: t(field),
    value: stage[field] > 0 ? stage[field] : '',
    onChange: (value: string | number) => onChange({ ...stage, [field]: Number(value) || 0 }),
    error: errorOf(field),
    min,
    max,
    clampBehavior: 'none' as const,
    allowDecimal: false,
    hideControls: true,
  })
  return (
    <>
      <div>
        <SegmentedControl
          aria-label={t('stage')}
          value={part ? 'part' : 'all'}
          onChange={(value) => onChange(value === 'part' ? { ...AT_ONCE, percent: 10 } : AT_ONCE)}
          data={(['all', 'part'] as const).map((value) => ({ value, label: t(`stage.${value}`) }))}
        />
      </div>
      <p className={ui.quiet}>{t(part ? 'stage.part.hint' : 'stage.hint')}</p>
      {part && (
        <div className={css.lists}>
          <NumberInput {...number('percent', 1, 99)} />
          <NumberInput
            {...number('step', 0, 100)}
            description={t('step.hint')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
          />
          {stage.step > 0 && <NumberInput {...number('everyMinutes', 1, 10_080)} />}
        </div>
      )}
    </>
  )
}
