import { Button, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { DateBar } from '../../ui/dates/DateBar'
import { FilterIcon } from '../../ui/icons'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors } from './types'

const ALL = 'all'

/** Filters are the day, the department, the door and the direction; on a phone behind a button. */
export function Filters({ doors, date }: { doors: Doors; date: string }) {
  const t = useTexts()
  const [params, change] = useUrlState()
  const [opened, { toggle }] = useDisclosure(false)
  const set = (name: string) => (value: string | null) =>
    change({ [name]: value === ALL ? null : value }, { push: true })
  const way = params.get('way')
  const used = [params.get('departmentId'), params.get('door'), way, params.get('date')].filter(
    Boolean,
  ).length
  return (
    <div className={css.filters}>
      <Button
        className={css.toggle}
        variant="default"
        leftSection={<FilterIcon size={16} />}
        aria-expanded={opened}
        onClick={toggle}
      >
        {used > 0 ? `${t('filters')}: ${used}` : t('filters')}
      </Button>
      <div className={css.fields} data-opened={opened || undefined}>
        <DateBar
          date={date}
          today={doors.date}
          onChange={(next) => change({ date: next === doors.date ? null : next }, { push: true })}
        />
        <Select
          aria-label={t('department')}
          data={[
            { value: ALL, label: t('department.all') },
            ...doors.departments
              .filter(({ name }) => name)
              .map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          value={String(idOf(params.get('departmentId')) ?? ALL)}
          onChange={set('departmentId')}
          searchable={doors.departments.length > 8}
          allowDeselect={false}
        />
        <Select
          aria-label={t('door')}
          data={[
            { value: ALL, label: t('door.all') },
            ...doors.devices.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          value={String(idOf(params.get('door')) ?? ALL)}
          onChange={set('door')}
          allowDeselect={false}
        />
        <Select
          aria-label={t('direction')}
          data={[
            { value: ALL, label: t('direction.all') },
            ...(['ENTER', 'EXIT', 'REFUSED'] as const).map((value) => ({ value, label: t(value) })),
          ]}
          value={way === 'ENTER' || way === 'EXIT' || way === 'REFUSED' ? way : ALL}
          onChange={set('way')}
          allowDeselect={false}
        />
      </div>
    </div>
  )
}
