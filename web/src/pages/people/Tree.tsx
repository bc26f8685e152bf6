import { IconButton } from '../../ui/parts'
import { EditIcon } from '../../ui/icons'
import { useLanguage } from '../../i18n/i18n'
import { number } from '../../lib/format'
import type { Branch } from '../../api/departments'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'
import type { Headcount } from './tree'

interface Props {
  branches: Branch[]
  counts: Map<number, Headcount>
  total?: Headcount
  chosen?: number
  onChoose: (id: number | null) => void
  /** Changes the chosen department; without it nothing can be changed. */
  onEdit?: (branch: Branch) => void
}

/** Tree is the departments, each with how many people it has and how many are at work. */
export function Tree({ branches, counts, total, chosen, onChoose, onEdit }: Props) {
  const t = useTexts()
  return (
    <nav aria-label={t('departments')}>
      <ul className={css.tree}>
        <li>
          <Node
            label={t('everybody')}
            depth={0}
            chosen={chosen === undefined}
            count={total}
            onChoose={() => onChoose(null)}
          />
        </li>
        {branches.map((branch) => (
          <li key={branch.id} data-department={branch.id}>
            <Node
              label={branch.name}
              depth={branch.depth}
              chosen={chosen === branch.id}
              count={counts.get(branch.id)}
              onChoose={() => onChoose(branch.id)}
            />
            {onEdit && chosen === branch.id && (
              <IconButton label={`${t('edit.department')}: ${branch.name}`} onClick={() => onEdit(branch)}>
                <EditIcon size={16} />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}

interface NodeProps {
  label: string
  depth: number
  chosen: boolean
  count?: Headcount
  onChoose: () => void
}

function Node({ label, depth, chosen, count, onChoose }: NodeProps) {
  const t = useTexts()
  const language = useLanguage()
  const said = count && {
    count: count.all,
    all: number(count.all, language),
    here: number(count.here, language),
  }
  return (
    <button
      type="button"
      className={css.node}
      style={{ paddingLeft: `${0.625 + depth * 0.875}rem` }}
      aria-current={chosen || undefined}
      onClick={onChoose}
    >
      <span>{label}</span>
      {said && (
        <small title={t('headcount', said)}>
          <span aria-hidden="true">
            {said.here} / {said.all}
          </span>
          <span className={ui.spoken}>{t('headcount', said)}</span>
        </small>
      )}
    </button>
  )
}
