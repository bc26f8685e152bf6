import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import type { Policy } from '../../api/types'
import { fieldErrors } from '../../ui/form'
import { Ask } from './Ask'
import { Differences } from './Differences'
import { AT_ONCE, stageOf } from './input'
import { StageFields } from './StageFields'
import { useTexts } from './texts'
import { useChanged } from './usePolicy'

interface Props {
  policy: Policy
  version: string
  onClose: () => void
}

/** Rollback makes a new version of what an old one said. */
export function Rollback({ policy, version, onClose }: Props) {
  const t = useTexts()
  const [stage, setStage] = useState(AT_ONCE)
  const changed = useChanged()
  const back = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/policies/{id}/rollback', {
          params: { path: { id: policy.id } },
          body: { revision: policy.revision, version, ...stageOf(stage) },
        }),
      ),
    onSuccess: async (rolled) => {
      await changed(rolled)
      onClose()
    },
  })
  const { errorOf, rest } = fieldErrors(back.error, ['percent', 'step', 'everyMinutes'])
  const error = rest instanceof Error ? rest : null
  return (
    <Ask
      title={t('rollback.of', { n: version })}
      action={t('rollback')}
      change={{ ...back, error }}
      onClose={onClose}
    >
      <p>{t('rollback.ask', { n: version })}</p>
      <Differences id={policy.id} from={policy.version} to={Number(version)} />
      <StageFields stage={stage} onChange={setStage} errorOf={errorOf} />
    </Ask>
  )
}
