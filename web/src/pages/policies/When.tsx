import { Select, Switch } from '@mantine/core'
import { zones } from '../../lib/zones'
import { ClockInput } from '../../ui/ClockInput'
import { Days } from '../../ui/days/Days'
import { Card } from '../../ui/Page'
import ui from '../../ui/ui.module.css'
import css from './policies.module.css'
import type { PartProps } from './PolicyForm'
import { useTexts } from './texts'

/** When is the working hours, outside of which nothing is recorded. */
export function When({ values, set, errorOf, zone }: PartProps & { zone: string }) {
  const t = useTexts()
  const { hours } = values
  const inZone = hours.zone || zone
  const change = (part: Partial<typeof hours>) => set({ hours: { ...hours, ...part } })
  return (
    <Card title={t('when')}>
      <div className={ui.form}>
        <Switch
          label={t('hours.limited')}
          checked={values.limited}
          onChange={(event) => set({ limited: event.currentTarget.checked })}
          error={errorOf('hours')}
        />
        {!values.limited && <p className={ui.quiet}>{t('hours.always')}</p>}
        {values.limited && (
          <div className={css.inner}>
            <Days
              label={t('days')}
              days={hours.days}
              onChange={(days) => change({ days })}
              error={errorOf('hours.days')}
            />
            <div className={css.pair}>
              <ClockInput
                label={t('from')}
                value={hours.from}
                onChange={(from) => change({ from })}
                error={errorOf('hours.from')}
                required
              />
              <ClockInput
                label={t('to')}
                value={hours.to}
                onChange={(to) => change({ to })}
                error={errorOf('hours.to')}
                required
              />
            </div>
            {hours.to !== '' && hours.to <= hours.from && <p className={ui.quiet}>{t('nextDay')}</p>}
            <Select
              label={t('zone')}
              data={zones(inZone)}
              value={inZone}
              onChange={(chosen) => chosen && change({ zone: chosen })}
              searchable
              limit={100}
              allowDeselect={false}
              error={errorOf('hours.zone')}
            />
          </div>
        )}
      </div>
    </Card>
  )
}
