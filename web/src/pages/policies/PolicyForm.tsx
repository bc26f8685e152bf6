import { Button, Switch, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { answer, api } from '../../api/client'
import { ApiError } from '../../api/errors'
import { useUser } from '../../api/queries'
import type { Policy } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Card } from '../../ui/Page'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { ChosenGroups } from './ChosenGroups'
import { AT_ONCE, BLANK, bodyOf, stageOf, valuesOf, type Values } from './input'
import { Never } from './Never'
import css from './policies.module.css'
import { Recorded } from './Recorded'
import { StageFields } from './StageFields'
import { useTexts } from './texts'
import { useChanged } from './usePolicy'
import { When } from './When'

const FIELDS = [
  ...['title', 'isActive', 'activeWindows', 'visitedSites', 'screenshots', 'screenshotSeconds'],
  ...['screenshotGrayscale', 'screenshotAll', 'hours', 'hours.zone', 'hours.days', 'hours.from', 'hours.to'],
  ...['exclude', 'exclude.titles', 'exclude.sites', 'exclude.applications', 'groups'],
  ...['percent', 'step', 'everyMinutes'],
]

/** What the parts of the form share. */
export interface PartProps {
  values: Values
  set: (part: Partial<Values>) => void
  errorOf: (field: string) => string | undefined
}

interface Props {
  /** What is changed; nothing while one is made. */
  policy?: Policy
  organizationId?: number
  zone: string
  onMade?: (policy: Policy) => void
}

/** PolicyForm is what a policy says. It keeps what is typed when somebody else changes the policy, and says so. */
export function PolicyForm({ policy, organizationId, zone, onMade }: Props) {
  const t = useTexts()
  const common = useCommon()
  const own = useUser().organizationId
  const [base, setBase] = useState(policy)
  const [values, setValues] = useState<Values>(() => (policy ? valuesOf(policy) : BLANK))
  const [stage, setStage] = useState(AT_ONCE)
  const [restart, setRestart] = useState(false)
  const changed = useChanged()
  const begin = (from?: Policy) => {
    setBase(from)
    setValues(from ? valuesOf(from) : BLANK)
    setStage(AT_ONCE)
    setRestart(false)
  }
  const save = useMutation({
    mutationFn: (body: ReturnType<typeof bodyOf>) => {
      if (!base) return answer(api.POST('/api/v2/policies', { body: { ...body, organizationId } }))
      const params = { path: { id: base.id } }
      const more = { ...stageOf(stage), ...(restart && { requiresRestart: true }), revision: base.revision }
      return answer(api.PUT('/api/v2/policies/{id}', { params, body: { ...body, ...more } }))
    },
    onSuccess: async (saved) => {
      if (base) begin(saved)
      await changed(saved)
      if (!base) onMade?.(saved)
    },
  })
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const dirty = base !== undefined && JSON.stringify(values) !== JSON.stringify(valuesOf(base))
  const newer = policy && base && policy.revision > base.revision ? policy : undefined
  if (newer && !dirty && !save.isPending) begin(newer)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (save.error) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [save.error])
  const stale = (newer !== undefined && dirty && !save.isPending) || isStale(save.error)
  const part: PartProps = { values, set: (some) => setValues({ ...values, ...some }), errorOf }
  return (
    <form
      ref={form}
      className={css.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(bodyOf(values, zone))
      }}
    >
      <div className={css.cards}>
        <TextInput
          label={t('name')}
          placeholder={t('name.hint')}
          value={values.title}
          onChange={(event) => part.set({ title: event.currentTarget.value })}
          error={errorOf('title')}
          required
          autoFocus={!policy}
        />
        <Switch
          label={t('active')}
          description={t('active.hint')}
          checked={values.isActive}
          onChange={(event) => part.set({ isActive: event.currentTarget.checked })}
          error={errorOf('isActive')}
        />
      </div>
      <div className={css.cards}>
        <Recorded {...part} />
        <When {...part} zone={zone} />
      </div>
      <Never {...part} error={save.error} sent={save.variables?.exclude} />
      <ChosenGroups
        {...part}
        organizationId={own === undefined ? (policy?.organizationId ?? organizationId) : undefined}
        known={base?.content.groups}
      />
      {base && (
        <Card title={t('stage')}>
          <div className={ui.form}>
            <StageFields stage={stage} onChange={setStage} errorOf={errorOf} />
            <Switch
              label={t('requiresRestart')}
              checked={restart}
              onChange={(event) => setRestart(event.currentTarget.checked)}
            />
          </div>
        </Card>
      )}
      <div className={css.save}>
        {stale && <Stale id={base?.id ?? 0} onLoad={(loaded) => (save.reset(), begin(loaded))} />}
        {rest !== undefined && !isStale(save.error) && <ErrorNote error={rest} />}
        <Button type="submit" loading={save.isPending}>
          {base ? common('save') : t('make')}
        </Button>
        {dirty && (
          <Button variant="default" onClick={() => (save.reset(), begin(base))}>
            {t('discard')}
          </Button>
        )}
        <span role="status" className={ui.quiet}>
          {dirty && t('unsaved')}
          {!dirty && save.data && <Saved policy={save.data} />}
        </span>
      </div>
    </form>
  )
}

function Saved({ policy }: { policy: Policy }) {
  const t = useTexts()
  return policy.rollout ? t('saved.version', { n: policy.version }) : t('saved')
}

const isStale = (error: unknown) => error instanceof ApiError && error.envelope?.code === 'policy.stale'

/** Stale says that somebody else was faster, and brings what the policy is now. */
function Stale({ id, onLoad }: { id: number; onLoad: (policy: Policy) => void }) {
  const t = useTexts()
  const changed = useChanged()
  const load = useMutation({
    mutationFn: () => answer(api.GET('/api/v2/policies/{id}', { params: { path: { id } } })),
    onSuccess: (policy) => {
      onLoad(policy)
      return changed(policy)
    },
  })
  return (
    <div className={css.notice} role="alert">
      <span>{t('stale')}</span>
      <Button size="xs" variant="default" loading={load.isPending} onClick={() => load.mutate()}>
        {t('stale.load')}
      </Button>
      {load.isError && <ErrorNote error={load.error} />}
    </div>
  )
}
