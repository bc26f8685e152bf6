import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { useUser } from '../../api/queries'
import { answer, api } from '../../api/client'
import { Empty } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './today.module.css'
import { useTexts } from './texts'
import type { Today } from './types'

const MAY_EDIT = ['ADMIN', 'HR']

/** Nobody is the page of an organization without people. */
export function Nobody() {
  const t = useTexts()
  const mayEdit = MAY_EDIT.includes(useUser().role)
  return (
    <section className={ui.card}>
      <Empty title={t('empty.title')} hint={t(mayEdit ? 'empty.hint' : 'empty.other')}>
        {mayEdit && (
          <div className={css.steps}>
            <Button component={Link} href="/people">
              {t('empty.people')}
            </Button>
            <Button component={Link} href="/people?tab=schedules" variant="default">
              {t('schedules.make')}
            </Button>
            <Button component={Link} href="/computers" variant="default">
              {t('empty.link')}
            </Button>
          </div>
        )}
      </Empty>
    </section>
  )
}

/** Unseen says what is missing when the day has no answers: schedules, or links to Windows users. */
export function Unseen({ today }: { today: Today }) {
  const t = useTexts()
  const mayEdit = MAY_EDIT.includes(useUser().role)
  const idle = today.counts.expected === 0
  const schedules = useQuery({
    queryKey: ['schedules'],
    enabled: idle && mayEdit,
    queryFn: ({ signal }) => answer(api.GET('/api/v2/schedules', { signal })),
  })
  if (idle && schedules.data?.items.length === 0) {
    return (
      <section className={ui.card}>
        <Empty title={t('schedules.title')} hint={t('schedules.hint')}>
          <Button component={Link} href="/people?tab=schedules">
            {t('schedules.make')}
          </Button>
        </Empty>
      </section>
    )
  }
  const known = today.people.some(({ firstAt, computer }) => firstAt || computer)
  if (idle) return <p className={css.note}>{t('dayOffAll')}</p>
  if (known || !mayEdit) return null
  return (
    <section className={ui.card}>
      <Empty title={t('none.title')} hint={t('none.hint')}>
        <Button component={Link} href="/computers" variant="default">
          {t('empty.link')}
        </Button>
      </Empty>
    </section>
  )
}
