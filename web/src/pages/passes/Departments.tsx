import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors } from './types'

/** Departments says of each how many came and are inside; a press leaves its passes. */
export function Departments({ doors }: { doors: Doors }) {
  const t = useTexts()
  const language = useLanguage()
  const [params, change] = useUrlState()
  const chosen = idOf(params.get('departmentId'))
  const named = doors.departments.filter(({ name }) => name)
  if (named.length === 0) return null
  return (
    <Card title={t('departments')} flush>
      <table className={`${ui.table} ${css.departments}`}>
        <thead>
          <tr>
            <th>{t('department')}</th>
            <th className={ui.number}>{t('inside')}</th>
            <th className={ui.number}>{t('departments.present')}</th>
            <th className={ui.number}>{t('departments.people')}</th>
          </tr>
        </thead>
        <tbody>
          {named.map(({ id, name, inside, present, people }) => (
            <tr key={id}>
              <td className={ui.words}>
                <button
                  type="button"
                  className={css.textButton}
                  aria-pressed={chosen === id}
                  onClick={() => change({ departmentId: chosen === id ? null : id }, { push: true })}
                >
                  {name}
                </button>
              </td>
              <td className={ui.number}>
                <strong>{number(inside, language)}</strong>
              </td>
              <td className={ui.number}>{number(present, language)}</td>
              <td className={ui.number}>{number(people, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}
