import { Button, NumberInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Policy, Rollout } from '../../api/types'
import { useLanguage } from '../../i18n/i18n'
import { dateTime, percent } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import { Ask } from './Ask'
import { Answers } from './Answers'
import css from './policies.module.css'
import { useTexts } from './texts'
import { useChanged } from './usePolicy'

interface Props {
  policy: Policy
  rollout: Rollout
  zone: string
}

/** Going is the version that is on its way to the gateways: how far it has come, and whether it goes on. */
export function Going({ policy, rollout, zone }: Props) {
  const t = useTexts()
  const language = useLanguage()
  const [asking, setAsking] = useState(false)
  const changed = useChanged()
  const stop = useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v2/policies/{id}/rollout/stop', { params: { path: { id: policy.id } } })),
    onSuccess: async (stopped) => {
      setAsking(false)
      await changed(stopped)
    },
  })
  const { version, previous, nextAt } = rollout
  const part = rollout.percent < 100
  return (
    <Card
      title={t('going')}
      actions={
        previous && (
          <Button size="xs" variant="default" className={ui.bad} onClick={() => setAsking(true)}>
            {t('stop')}
          </Button>
        )
      }
    >
      <p>
        {part
          ? t('going.lead', { n: version, percent: percent(rollout.percent / 100, language) })
          : t('going.all', { n: version })}{' '}
        {part && previous && t('going.others', { n: previous })}{' '}
        {part && nextAt && t('going.next', { at: dateTime(Date.parse(nextAt), zone, language) })}
        {part && !nextAt && t('going.waits')}
      </p>
      <Answers rollout={rollout} zone={zone} />
      {part && <Advance key={rollout.percent} policy={policy} from={rollout.percent} />}
      {asking && (
        <Ask title={t('stop.title')} action={t('stop')} danger change={stop} onClose={() => setAsking(false)}>
          <p>{t('stop.ask')}</p>
        </Ask>
      )}
    </Card>
  )
}

function Advance({ policy, from }: { policy: Policy; from: number }) {
  const t = useTexts()
  const changed = useChanged()
  const [to, setTo] = useState<string | number>(100)
  const advance = useMutation({
    mutationFn: () => {
      const params = { path: { id: policy.id } }
      return answer(
        api.POST('/api/v2/policies/{id}/rollout/advance', { params, body: { percent: Number(to) || 0 } }),
      )
    },
    onSuccess: (advanced) => changed(advanced),
  })
  const { errorOf, rest } = fieldErrors(advance.error, ['percent'])
  return (
    <form
      className={css.go}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        advance.mutate()
      }}
    >
      <NumberInput
        className={css.percent}
        label={t('advance.to')}
        value={to}
        onChange={setTo}
        error={errorOf('percent')}
        min={from + 1}
        max={100}
        clampBehavior="none"
        allowDecimal={false}
        hideControls
      />
      <Button type="submit" loading={advance.isPending}>
        {t('advance')}
      </Button>
      {rest !== undefined && <ErrorNote error={rest} />}
    </form>
  )
}
