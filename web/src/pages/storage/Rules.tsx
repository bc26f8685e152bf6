import { Button, NumberInput, SegmentedControl, Select, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { RetentionRule, RetentionTerms } from '../../api/types'
import { useUrlState } from '../../lib/urlState'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { Card } from '../../ui/Page'
import { Rows, Status } from '../../ui/parts'
import { SaveCsv } from '../../ui/SaveCsv'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './storage.module.css'
import { useTexts } from './texts'
import { useResource, useTerms, type Resource } from './words'

/** RulesCard is how long what is kept: an organization's rules, each its own or the default, or the defaults themselves. */
export function RulesCard({ organizationId }: { organizationId?: number }) {
  const t = useTexts()
  const [params, change] = useUrlState()
  const isAdmin = useUser().role === 'ADMIN'
  const defaults = isAdmin && params.get('rules') === 'defaults'
  const of = defaults ? undefined : organizationId
  const rules = useQuery({
    queryKey: ['retention', 'rules', of],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/retention/rules', { params: { query: { organizationId: of } }, signal })),
  })
  const file = useFile(rules.data?.items ?? [])
  const tools = (
    <div className={css.tools}>
      {isAdmin && (
        <SegmentedControl
          size="xs"
          aria-label={t('rules.scope')}
          value={defaults ? 'defaults' : 'organization'}
          onChange={(value) => change({ rules: value === 'defaults' ? value : null })}
          data={[
            { value: 'organization', label: t('rules.organization') },
            { value: 'defaults', label: t('rules.defaults') },
          ]}
        />
      )}
      <SaveCsv name="retention-rules" of={t('rules')} rows={file} disabled={!rules.data} />
    </div>
  )
  return (
    <Card title={t('rules')} actions={tools} flush>
      <p className={css.hint}>{t('rules.hint')}</p>
      {rules.isError && <ErrorNote error={rules.error} retry={() => void rules.refetch()} />}
      {rules.isPending && <Rows count={6} />}
      {rules.data && <Table key={of} rules={rules.data.items} organizationId={of} defaults={defaults} />}
    </Card>
  )
}

interface TableProps {
  rules: RetentionRule[]
  organizationId?: number
  defaults: boolean
}

function Table({ rules, organizationId, defaults }: TableProps) {
  const t = useTexts()
  const [edited, setEdited] = useState<string>()
  return (
    <table className={`${ui.table} ${ui.stack}`}>
      <thead>
        <tr>
          <th>{t('resource')}</th>
          <th>{t('keep')}</th>
          <th>{t('then')}</th>
          {!defaults && <th>{t('origin')}</th>}
          <th />
        </tr>
      </thead>
      <tbody>
        {rules.map((rule) =>
          edited === rule.resourceType ? (
            <Editor
              key={rule.resourceType}
              rule={rule}
              organizationId={organizationId}
              columns={defaults ? 4 : 5}
              onClose={() => setEdited(undefined)}
            />
          ) : (
            <Rule
              key={rule.resourceType}
              rule={rule}
              defaults={defaults}
              onEdit={() => setEdited(rule.resourceType)}
            />
          ),
        )}
      </tbody>
    </table>
  )
}

function Rule({ rule, defaults, onEdit }: { rule: RetentionRule; defaults: boolean; onEdit: () => void }) {
  const t = useTexts()
  const what = useResource()(rule.resourceType)
  const terms = useTerms()
  const queries = useQueryClient()
  const { keep, then } = terms(rule)
  const inherit = useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/api/v2/retention/rules/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['retention'] }),
  })
  const usual = terms(rule.default)
  return (
    <tr data-rule={rule.resourceType}>
      <td className={ui.whole}>
        <strong>{what}</strong>
        {inherit.isError && <ErrorNote error={inherit.error} />}
      </td>
      <td data-label={t('keep')}>{keep}</td>
      <td data-label={t('then')}>{then}</td>
      {!defaults && (
        <td data-label={t('origin')}>
          <span>
            <Status tone={rule.own ? 'good' : 'quiet'}>{t(rule.own ? 'own' : 'inherited')}</Status>
            {rule.own && (
              <span className={ui.sub}>
                {t('own.default', {
                  terms: [usual.keep, usual.then].filter((one) => one !== '—').join(', '),
                })}
              </span>
            )}
          </span>
        </td>
      )}
      <td className={ui.number}>
        <span className={css.buttons}>
          {rule.id && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              loading={inherit.isPending}
              onClick={() => inherit.mutate(rule.id ?? '')}
            >
              {t('inherit')}
            </Button>
          )}
          <Button size="compact-sm" variant="default" aria-label={t('change.of', { what })} onClick={onEdit}>
            {t('change')}
          </Button>
        </span>
      </td>
    </tr>
  )
}

interface EditorProps {
  rule: RetentionRule
  organizationId?: number
  columns: number
  onClose: () => void
}

/** Editor is a rule's row while it is changed. */
function Editor({ rule, organizationId, columns, onClose }: EditorProps) {
  const t = useTexts()
  const common = useCommon()
  const what = useResource()(rule.resourceType)
  const queries = useQueryClient()
  const [terms, setTerms] = useState<RetentionTerms>({
    days: rule.days,
    action: rule.action,
    active: rule.active,
  })
  const set = (part: Partial<RetentionTerms>) => setTerms({ ...terms, ...part })
  const saving = useMutation({
    mutationFn: () => {
      const body = { organizationId, resourceType: rule.resourceType as Resource, ...terms }
      return answer(api.PUT('/api/v2/retention/rules', { body }))
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['retention'] })
      onClose()
    },
  })
  const { errorOf, rest } = fieldErrors(saving.error, ['days', 'action'])
  return (
    <tr data-rule={rule.resourceType} className={css.editing}>
      <td colSpan={columns} className={ui.whole}>
        <form
          noValidate
          aria-label={what}
          className={css.editor}
          onSubmit={(event) => {
            event.preventDefault()
            saving.mutate()
          }}
        >
          <strong>{what}</strong>
          <NumberInput
            label={t('days')}
            className={css.days}
            value={terms.days}
            onChange={(value) => set({ days: Number(value) || 0 })}
            error={errorOf('days')}
            min={1}
            max={3650}
            clampBehavior="none"
            allowDecimal={false}
            disabled={!terms.active}
            autoFocus
          />
          <Select
            label={t('action')}
            className={css.action}
            value={terms.action}
            onChange={(action) => set({ action: action === 'archive' ? action : 'delete' })}
            data={(['delete', 'archive'] as const).map((value) => ({ value, label: t(value) }))}
            error={errorOf('action')}
            allowDeselect={false}
            disabled={!terms.active}
          />
          <Switch
            label={t('active')}
            checked={terms.active}
            onChange={(event) => set({ active: event.currentTarget.checked })}
          />
          <span className={css.buttons}>
            <Button type="submit" size="xs" loading={saving.isPending}>
              {common('save')}
            </Button>
            <Button size="xs" variant="default" onClick={onClose}>
              {common('cancel')}
            </Button>
          </span>
          {Boolean(rest) && <ErrorNote error={rest} />}
        </form>
      </td>
    </tr>
  )
}

function useFile(rules: RetentionRule[]): () => string[][] {
  const t = useTexts()
  const resource = useResource()
  return () => [
    [t('resource'), t('days'), t('action'), t('active'), t('origin')],
    ...rules.map((rule) => [
      resource(rule.resourceType),
      String(rule.days),
      t(rule.action),
      t(rule.active ? 'active.yes' : 'active.no'),
      t(rule.own ? 'own' : 'inherited'),
    ]),
  ]
}
