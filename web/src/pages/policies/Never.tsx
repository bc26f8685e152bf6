import { Switch, Textarea } from '@mantine/core'
import type { PolicyContent } from '../../api/types'
import { entryErrors } from '../../ui/form'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import type { PartProps } from './PolicyForm'
import { useTexts } from './texts'

const lists = ['titles', 'sites', 'applications'] as const

interface Props extends PartProps {
  error: unknown
  /** The lists that the error is about. */
  sent?: PolicyContent['exclude']
}

/** Never is what is dropped before anybody sees it. */
export function Never({ values, set, errorOf, error, sent }: Props) {
  const t = useTexts()
  return (
    <Card title={t('never')}>
      <div className={ui.form}>
        <p className={ui.quiet}>{t('never.hint')}</p>
        <div className={css.lists}>
          {lists.map((list) => (
            <Textarea
              key={list}
              label={t(`exclude.${list}`)}
              description={t(`exclude.${list}.hint`)}
              value={values[list]}
              onChange={(event) => set({ [list]: event.currentTarget.value })}
              error={entryErrors(error, `exclude.${list}`, sent?.[list] ?? [])}
              autosize
              minRows={4}
              maxRows={14}
              spellCheck={false}
            />
          ))}
        </div>
        <Switch
          label={t('exclude.privateWindows')}
          checked={values.privateWindows}
          onChange={(event) => set({ privateWindows: event.currentTarget.checked })}
          error={errorOf('exclude')}
        />
      </div>
    </Card>
  )
}
