import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import type { EffectivePolicy, Employee, PolicyStep } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

/** PersonPolicy is which policy a person has, and from where. */
export function PersonPolicy({ employee }: { employee: Employee }) {
  const t = useTexts()
  const query = useQuery({
    queryKey: ['policies', 'effective', employee.id],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/policies/effective', {
          params: { query: { employeeId: employee.id } },
          signal,
        }),
      ),
  })
  return (
    <Card title={t('policy')}>
      {query.isPending && <Rows count={2} />}
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.data && <Effective policy={query.data} />}
    </Card>
  )
}

function Effective({ policy }: { policy: EffectivePolicy }) {
  const t = useTexts()
  const { from, policyId, title, steps } = policy
  const name = steps.find(({ inForce }) => inForce)?.department
  return (
    <div className={ui.form}>
      {policyId ? (
        <p className={css.named} data-effective={from}>
          <Link href={`/policies/${policyId}`}>
            <strong>{title}</strong>
          </Link>
          {from !== 'nobody' && <span className={css.mark}>{t(`policy.from.${from}`, { name })}</span>}
        </p>
      ) : (
        <p data-effective="nobody">{t('policy.none')}</p>
      )}
      <ol className={css.steps} aria-label={t('policy.why')}>
        {steps.map((step) => step.from !== 'nobody' && <Step key={keyOf(step)} step={step} />)}
      </ol>
    </div>
  )
}

const keyOf = ({ from, departmentId = 0 }: PolicyStep) => `${from}-${departmentId}`

/** Step is one that could have decided: the person, a department, the default. */
function Step({ step }: { step: PolicyStep }) {
  const t = useTexts()
  const { from, department, policyId, title, inForce } = step
  return (
    <li className={inForce ? css.decides : undefined}>
      <span>{from === 'department' || from === 'nobody' ? department : t(`policy.step.${from}`)}</span>
      <span>
        {policyId ? title : <span className={ui.quiet}>{t('policy.step.none')}</span>}
        {inForce && <span className={ui.sub}>{t('policy.step.counts')}</span>}
      </span>
    </li>
  )
}
