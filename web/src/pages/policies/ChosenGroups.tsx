import { Button, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import type { PolicyContent } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { CloseIcon } from '../../ui/icons'
import { Card } from '../../ui/Page'
import { IconButton } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { categories } from './input'
import css from './policies.module.css'
import type { PartProps } from './PolicyForm'
import { useTexts } from './texts'

const MOST = 500

interface Props extends PartProps {
  organizationId?: number
  /** The groups that the policy has, in case that they are inactive by now. */
  known?: PolicyContent['groups']
}

/** ChosenGroups are the groups of sites and applications that the policy calls productive or not. */
export function ChosenGroups({ values, set, errorOf, organizationId, known = [] }: Props) {
  const t = useTexts()
  const query = useQuery({
    queryKey: ['policy-groups', 'all', organizationId],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/policies/groups', {
          params: { query: { organizationId, limit: MOST, sort: 'name' } },
          signal,
        }),
      ),
  })
  const all = query.data?.items ?? []
  const { groups } = values
  const of = (wanted: number) => all.find(({ id }) => id === wanted) ?? known.find(({ id }) => id === wanted)
  const offered = all.filter(({ id, isActive }) => isActive && !groups.some((one) => one.id === id))
  const type = (text: string) => t(text === 'APPLICATION' ? 'APPLICATION' : 'WEBSITE')
  return (
    <Card title={t('chosen')}>
      <p className={css.hint}>{t('chosen.hint')}</p>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      <div className={ui.form}>
        <ul className={css.rows}>
          {groups.map(({ id, category }) => {
            const name = of(id)?.name ?? `№ ${id}`
            return (
              <li key={id} data-chosen={id}>
                <span>
                  {name}
                  <span className={ui.sub}>{type(of(id)?.type ?? 'WEBSITE')}</span>
                </span>
                <Select
                  className={css.category}
                  aria-label={t('category', { name })}
                  data={categories.map((value) => ({ value, label: t(value) }))}
                  value={category}
                  onChange={(value) =>
                    set({
                      groups: groups.map((one) =>
                        one.id === id
                          ? { id, category: categories.find((known) => known === value) ?? category }
                          : one,
                      ),
                    })
                  }
                  allowDeselect={false}
                />
                <IconButton
                  label={t('chosen.remove', { name })}
                  onClick={() => set({ groups: groups.filter((one) => one.id !== id) })}
                >
                  <CloseIcon size={16} />
                </IconButton>
              </li>
            )
          })}
        </ul>
        {groups.length === 0 && <p className={ui.quiet}>{t('chosen.none')}</p>}
        {errorOf('groups') && <p className={ui.bad}>{errorOf('groups')}</p>}
        {query.isSuccess && all.length === 0 ? (
          <div>
            <Button component={Link} href="/policies?tab=groups" variant="default" size="xs">
              {t('chosen.make')}
            </Button>
          </div>
        ) : (
          <Select
            className={css.add}
            aria-label={t('chosen.add')}
            placeholder={t('chosen.add')}
            data={offered.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={null}
            onChange={(id) => id && set({ groups: [...groups, { id: Number(id), category: 'neutral' }] })}
            disabled={offered.length === 0}
            searchable
            comboboxProps={{ shadow: 'md' }}
          />
        )}
      </div>
    </Card>
  )
}
