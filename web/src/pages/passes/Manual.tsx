import { Button, Chip, Group, Modal, SegmentedControl, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { answer, api } from '../../api/client'
import type { Employee } from '../../api/types'
import { startOfDay, time } from '../../lib/format'
import { ClockInput } from '../../ui/ClockInput'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import css from './passes.module.css'
import { useTexts } from './texts'
import type { Doors, NewPass, Pass } from './types'
import { instantOf } from './words'

interface Props {
  doors: Doors
  organizationId?: number
  onClose: () => void
}

/** Manual writes down a pass that no terminal saw; a visitor's is made at the desk. */
export function Manual({ doors, organizationId, onClose }: Props) {
  const t = useTexts()
  const common = useCommon()
  const [visitor, setVisitor] = useState(false)
  const save = useSave()
  return (
    <Modal opened onClose={onClose} title={t('manual')} closeButtonProps={{ 'aria-label': common('close') }}>
      {save.data ? (
        <Saved pass={save.data} doors={doors} onClose={onClose} />
      ) : (
        <div className={ui.form}>
          <SegmentedControl
            fullWidth
            size="md"
            aria-label={t('manual.kind')}
            value={visitor ? 'visitor' : 'staff'}
            onChange={(kind) => setVisitor(kind === 'visitor')}
            data={(['staff', 'visitor'] as const).map((value) => ({ value, label: t(`manual.${value}`) }))}
          />
          {visitor ? (
            <>
              <p>{t('manual.desk')}</p>
              <Button component={Link} href="/visitors" className={css.big}>
                {t('manual.toDesk')}
              </Button>
            </>
          ) : (
            <Form doors={doors} organizationId={organizationId} save={save} />
          )}
        </div>
      )}
    </Modal>
  )
}

function useSave() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: NewPass) => answer(api.POST('/api/v2/passes', { body })),
    onSuccess: () => {
      for (const key of ['passes', 'presence']) void queries.invalidateQueries({ queryKey: [key] })
    },
  })
}

interface FormProps {
  doors: Doors
  organizationId?: number
  save: ReturnType<typeof useSave>
}

const REASONS = ['card', 'terminal', 'gate'] as const

function Form({ doors, organizationId, save }: FormProps) {
  const t = useTexts()
  const [person, setPerson] = useState<Employee | null>(null)
  const [direction, setDirection] = useState<NewPass['direction']>('ENTER')
  const [clock, setClock] = useState<string>()
  const [reason, setReason] = useState('')
  const [ahead, setAhead] = useState(false)
  const { errorOf, rest } = fieldErrors(save.error, ['employeeId', 'reason', 'at'])
  const ready = person !== null && reason.trim() !== ''
  const submit = () => {
    if (!person) return
    const body: NewPass = { employeeId: person.id, direction, reason: reason.trim() }
    if (clock !== undefined) {
      const at = instantOf(clock, startOfDay(doors.date, doors.zone), Date.now())
      if (at === undefined) return setAhead(true)
      body.at = new Date(at).toISOString()
    }
    save.mutate(body)
  }
  return (
    <form
      className={ui.form}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <EmployeeSelect
        label={t('manual.who')}
        size="md"
        value={person}
        onChoose={setPerson}
        organizationId={organizationId}
      />
      {errorOf('employeeId') && <ErrorNote error={save.error} />}
      <SegmentedControl
        fullWidth
        size="lg"
        aria-label={t('direction')}
        value={direction}
        onChange={(value) => setDirection(value as NewPass['direction'])}
        data={[
          { value: 'ENTER', label: `→ ${t('ENTER')}` },
          { value: 'EXIT', label: `← ${t('EXIT')}` },
        ]}
      />
      <div className={css.when}>
        <SegmentedControl
          size="md"
          aria-label={t('manual.at')}
          value={clock === undefined ? 'now' : 'earlier'}
          onChange={(value) => setClock(value === 'now' ? undefined : time(Date.now(), doors.zone))}
          data={[
            { value: 'now', label: t('manual.now') },
            { value: 'earlier', label: t('manual.earlier') },
          ]}
        />
        {clock !== undefined && (
          <ClockInput
            label={t('manual.clock')}
            value={clock}
            onChange={(value) => {
              setClock(value)
              setAhead(false)
            }}
            error={ahead ? t('manual.ahead') : errorOf('at')}
            required
          />
        )}
      </div>
      <Group gap={6} role="group" aria-label={t('manual.reasons')}>
        {REASONS.map((name) => {
          const text = t(`reason.${name}`)
          return (
            <Chip key={name} size="md" radius="sm" checked={reason === text} onChange={() => setReason(text)}>
              {text}
            </Chip>
          )
        })}
      </Group>
      <Textarea
        label={t('manual.reason')}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={errorOf('reason')}
        maxLength={500}
        autosize
        minRows={1}
        required
        withAsterisk={false}
      />
      {rest !== undefined && <ErrorNote error={rest} />}
      {!ready && <p className={css.quiet}>{t('manual.needs')}</p>}
      <Button type="submit" className={css.big} loading={save.isPending} disabled={!ready}>
        {t('manual.save')}
      </Button>
    </form>
  )
}

/** Saved says what was written down, and takes a mistake back by its opposite: nothing written is ever deleted. */
function Saved({ pass, doors, onClose }: { pass: Pass; doors: Doors; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const opposite = useSave()
  const shown = opposite.data ?? pass
  const way = shown.direction ?? 'ENTER'
  return (
    <div className={ui.form}>
      <p role="status">
        {t('manual.saved', {
          name: shown.employeeName ?? '',
          way: t(way),
          at: time(Date.parse(shown.at), doors.zone),
        })}
      </p>
      {!opposite.data && <p className={css.quiet}>{t('manual.wrong')}</p>}
      {opposite.isError && <ErrorNote error={opposite.error} />}
      <Button className={css.big} onClick={onClose} data-autofocus>
        {common('close')}
      </Button>
      {!opposite.data && (
        <Button
          className={css.big}
          variant="default"
          loading={opposite.isPending}
          onClick={() =>
            opposite.mutate({
              employeeId: pass.employeeId ?? 0,
              direction: way === 'ENTER' ? 'EXIT' : 'ENTER',
              reason: t('manual.correction'),
            })
          }
        >
          {t('manual.back')}
        </Button>
      )}
    </div>
  )
}
