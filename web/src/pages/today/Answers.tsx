import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { number, time } from '../../lib/format'
import { useLanguage } from '../../i18n/i18n'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import { countOf, isSilent, offered, shown as peopleOf, type Filter } from './people'
import css from './today.module.css'
import { useTexts } from './texts'
import type { Person, Today } from './types'
import { useLate, useReason } from './words'

/** How many names an answer has before the rest is one click away. */
const FIRST = 6

interface Props {
  today: Today
  onFilter: (filter?: Filter) => void
  dayOf: (person: Person) => string | undefined
}

interface ChipsProps {
  today: Today
  chosen?: Filter
  /** Without what a guard may not know. */
  bare: boolean
  /** Whether the day goes on. */
  live: boolean
  onFilter: Props['onFilter']
}

/** Chips are the day in numbers; each shows its people. */
export function Chips({ today, chosen, bare, live, onFilter }: ChipsProps) {
  const t = useTexts()
  const language = useLanguage()
  const shown = offered(live).filter((name) => {
    if (name === 'late') return !bare
    return !['later', 'excused', 'dayOff'].includes(name) || countOf(today, name) > 0
  })
  return (
    <div className={css.chips} role="group" aria-label={t('filters')}>
      {shown.map((name) => (
        <button
          key={name}
          type="button"
          className={css.chip}
          data-filter={name}
          data-tone={countOf(today, name) > 0 ? name : undefined}
          aria-pressed={chosen === name}
          onClick={() => onFilter(chosen === name ? undefined : name)}
        >
          <span className={css.chipCount}>
            {number(countOf(today, name), language)}
            {!bare && ['here', 'came'].includes(name) && (
              <small> {t('here.of', { expected: number(today.counts.expected, language) })}</small>
            )}
          </span>
          <span className={css.chipName}>{t(name)}</span>
        </button>
      ))}
    </div>
  )
}

/** Answers says who is missing and why, and who was late and by how much. */
export function Answers({ today, onFilter, dayOf }: Props) {
  const t = useTexts()
  const late = useLate()
  const reason = useReason(today.zone)
  const missing = peopleOf(today.people, 'absent')
  return (
    <div className={css.answers}>
      <Answer
        title={t('absent.list')}
        none={t('absent.none')}
        people={missing}
        dayOf={dayOf}
        onAll={() => onFilter('absent')}
        say={(person) => (
          <>
            <span className={css.aside}>
              {person.expectedFrom &&
                t('absent.due', { at: time(Date.parse(person.expectedFrom), today.zone) })}
            </span>
            <small>{person.department}</small>
            <span className={css.why}>
              <Reason person={person}>{reason(person)}</Reason>
            </span>
          </>
        )}
      />
      <Answer
        title={t('late.list')}
        none={t('late.none')}
        people={peopleOf(today.people, 'late').filter(({ state }) => state !== 'absent')}
        dayOf={dayOf}
        onAll={() => onFilter('late')}
        say={(person) => (
          <>
            <strong className={css.aside}>{late(person)}</strong>
            <small>
              {person.department}
              {person.firstAt && ` · ${t('late.came', { at: time(Date.parse(person.firstAt), today.zone) })}`}
            </small>
          </>
        )}
      />
    </div>
  )
}

interface AnswerProps {
  title: string
  none: string
  people: Person[]
  dayOf: Props['dayOf']
  onAll: () => void
  say: (person: Person) => ReactNode
}

function Answer({ title, none, people, dayOf, onAll, say }: AnswerProps) {
  const t = useTexts()
  const language = useLanguage()
  const all = people.length > FIRST && (
    <button type="button" className={css.textButton} onClick={onAll}>
      {t('every', { n: number(people.length, language) })}
    </button>
  )
  return (
    <Card title={title} actions={all} flush={people.length > 0}>
      {people.length === 0 ? (
        <p className={ui.quiet}>{none}</p>
      ) : (
        <ul className={css.names}>
          {people.slice(0, FIRST).map((person) => (
            <li key={person.employeeId}>
              <Name person={person} href={dayOf(person)} />
              {say(person)}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** Name leads to the person's day, for those who may see it. */
export function Name({ person, href }: { person: Person; href?: string }) {
  const t = useTexts()
  if (!href) return <span className={css.name}>{person.name}</span>
  return (
    <Link href={href} className={css.name} title={t('showDay', { name: person.name })}>
      {person.name}
    </Link>
  )
}

/** Reason leads to the computer where that is silent: there is its history, and what its agent said. */
export function Reason({ person, children }: { person: Person; children: string }) {
  if (!person.computerId || !isSilent(person)) return children
  return (
    <Link href={`/computers/${person.computerId}`} className={css.reason}>
      {children}
    </Link>
  )
}
