import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import type { Employee } from '../../api/types'
import { time } from '../../lib/format'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { Rows, Status } from '../../ui/parts'
import ui from '../../ui/ui.module.css'
import { Reason } from '../today/Answers'
import { lateness } from '../today/people'
import { useTexts as useTodayTexts } from '../today/texts'
import type { Person, Today } from '../today/types'
import { shiftOf, TONES, useLate, useReason } from '../today/words'
import css from './people.module.css'
import { useTexts } from './texts'

/** PersonNow is the person's row of Today. */
export function PersonNow({ employee }: { employee: Employee }) {
  const t = useTexts()
  const { departmentId, organizationId: organization } = employee
  const query = useQuery({
    queryKey: ['presence', { departmentId, organization }],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v2/presence/today', { params: { query: { departmentId, organization } }, signal }),
      ),
    refetchInterval: 60_000,
  })
  const person = query.data?.people.find(({ employeeId }) => employeeId === employee.id)
  return (
    <Card title={t('today')}>
      {query.isError && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Rows count={2} />}
      {query.data && person && <Now person={person} today={query.data} />}
      {query.isSuccess && !person && <p className={ui.quiet}>—</p>}
    </Card>
  )
}

function Now({ person, today }: { person: Person; today: Today }) {
  const said = useTodayTexts()
  const late = useLate()
  const reason = useReason(today.zone)(person)
  const facts = [
    [said('arrival'), person.firstAt && time(Date.parse(person.firstAt), today.zone)],
    [said('seen'), person.lastAt && time(Date.parse(person.lastAt), today.zone)],
    [said('shift'), shiftOf(person, today.zone)],
  ].filter(([, value]) => value)
  return (
    <div className={ui.form}>
      <p>
        <Status tone={TONES[person.state]}>{said(`is.${person.state}`)}</Status>
        {lateness(person) > 0 && person.state !== 'absent' && (
          <span className={`${ui.warn} ${css.aside}`}>{late(person)}</span>
        )}
      </p>
      {reason && (
        <p>
          <Reason person={person}>{reason}</Reason>
        </p>
      )}
      <dl className={ui.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {person.computerId && (
          <div>
            <dt>{said('computer')}</dt>
            <dd>
              <Link href={`/computers/${person.computerId}`}>{person.computer}</Link>
            </dd>
          </div>
        )}
      </dl>
    </div>
  )
}
