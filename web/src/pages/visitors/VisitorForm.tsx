import { Button, Modal, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useUser } from '../../api/queries'
import type { Employee } from '../../api/types'
import { EmployeeSelect } from '../../ui/EmployeeSelect'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { Arrive } from './Arrive'
import { dateOf, written } from './birthday'
import { CodeFields, codeOf, validityOf } from './CodeFields'
import { Done } from './Desk'
import { QrCard } from './QrCard'
import { useTexts } from './texts'
import type { Code, Visit, Visitor } from './types'
import { useReread } from './useVisits'
import css from './visitors.module.css'

const NAMES = ['lastName', 'firstName'] as const
const MORE = ['middleName', 'passportNumber', 'pinfl', 'birthday', 'additionalDetails'] as const
const FIELDS = [...NAMES, ...MORE, 'phone', 'workPlace', 'hostId', 'startDate', 'endDate', 'maxUses']

type Texts = Record<(typeof NAMES)[number] | (typeof MORE)[number] | 'phone' | 'workPlace', string>

interface Props {
  /** Who is changed; nobody while a visitor is registered. */
  visitor?: Visitor
  organizationId?: number
  /** The organization's name, for badges. */
  organization?: string
  zone: string
  onClose: () => void
}

/** VisitorForm registers a visitor, who then comes in at once or gets a code for later; or it changes one. */
export function VisitorForm(props: Props) {
  const t = useTexts()
  const common = useCommon()
  const [step, setStep] = useState<{ arriving: Visitor } | { ready: Code } | { done: Visit }>()
  const title = t(
    props.visitor ? 'edit.title' : step && 'ready' in step ? 'code.ready' : step ? 'let.title' : 'new',
  )
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={step && 'done' in step ? t('new') : title}
      size="lg"
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {!step && (
        <Form
          {...props}
          onArriving={(arriving) => setStep({ arriving })}
          onReady={(ready) => setStep({ ready })}
        />
      )}
      {step && 'arriving' in step && (
        <Arrive visitor={step.arriving} zone={props.zone} onIn={(done) => setStep({ done })} />
      )}
      {step && 'ready' in step && <QrCard code={step.ready} zone={props.zone} />}
      {step && 'done' in step && (
        <div className={ui.form}>
          <Done visit={step.done} zone={props.zone} organization={props.organization} />
          <Button className={css.big} onClick={props.onClose}>
            {common('close')}
          </Button>
        </div>
      )}
    </Modal>
  )
}

interface FormProps extends Props {
  onArriving: (visitor: Visitor) => void
  onReady: (code: Code) => void
}

function Form({ visitor, organizationId, zone, onClose, onArriving, onReady }: FormProps) {
  const t = useTexts()
  const common = useCommon()
  // A guard registers; codes and papers are for those who may see and change them.
  const full = ['ADMIN', 'HR'].includes(useUser().role)
  const [values, setValues] = useState<Texts>(() => textsOf(visitor))
  const [host, setHost] = useState<Employee | null>(() => hostOf(visitor))
  const [active, setActive] = useState(visitor?.isActive ?? true)
  const [later, setLater] = useState(full)
  const [validity, setValidity] = useState(() => validityOf(Date.now(), zone))
  /** Who was registered before the code was refused: the next try is about the same visitor. */
  const [made, setMade] = useState<Visitor>()
  const reread = useReread()
  const save = useMutation({
    mutationFn: async () => {
      const body = { ...bodyOf(values, full), hostId: host?.id ?? 0 }
      const known = visitor ?? made
      const saved =
        known && full
          ? await answer(
              api.PATCH('/api/v2/visitors/{id}', {
                params: { path: { id: known.id } },
                body: { ...body, isActive: active },
              }),
            )
          : (known ?? (await answer(api.POST('/api/v2/visitors', { body: { ...body, organizationId } }))))
      setMade(saved)
      if (visitor || !later) return { saved }
      const params = { path: { id: saved.id } }
      const code = await answer(
        api.POST('/api/v2/visitors/{id}/codes', { params, body: codeOf(validity, zone) }),
      )
      return { saved, code }
    },
    onSuccess: ({ saved, code }) => {
      if (visitor) onClose()
      else if (code) onReady(code)
      else onArriving(saved)
    },
    onSettled: reread,
  })
  const { errorOf, rest } = fieldErrors(save.error, FIELDS)
  const text = (field: keyof Texts) => ({
    label: t(field === 'additionalDetails' ? 'details' : field),
    value: values[field],
    error: errorOf(field),
    autoComplete: 'off',
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setValues({ ...values, [field]: event.target.value }),
  })
  return (
    <form
      className={css.formGrid}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <TextInput {...text('lastName')} required withAsterisk={false} data-autofocus />
      <TextInput {...text('firstName')} required withAsterisk={false} />
      <TextInput {...text('workPlace')} />
      <TextInput {...text('phone')} type="tel" maxLength={20} />
      <div className={css.whole}>
        <EmployeeSelect
          label={t('host')}
          value={host}
          onChoose={setHost}
          organizationId={visitor?.organizationId ?? organizationId}
          clearable
        />
        {errorOf('hostId') && <p className={css.fault}>{errorOf('hostId')}</p>}
      </div>
      {full && (
        <details className={css.whole}>
          <summary>{t('papers')}</summary>
          <div className={css.formGrid}>
            {MORE.map((field) => (
              <TextInput
                key={field}
                {...text(field)}
                placeholder={field === 'birthday' ? t('birthday.hint') : undefined}
                inputMode={field === 'pinfl' ? 'numeric' : undefined}
              />
            ))}
          </div>
        </details>
      )}
      {visitor && (
        <Switch
          className={css.whole}
          label={t('active')}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
      )}
      {!visitor && full && (
        <SegmentedControl
          className={css.whole}
          size="md"
          aria-label={t('when')}
          value={later ? 'later' : 'here'}
          onChange={(when) => setLater(when === 'later')}
          data={[
            { value: 'later', label: t('when.later') },
            { value: 'here', label: t('when.here') },
          ]}
        />
      )}
      {!visitor && later && (
        <div className={css.whole}>
          <CodeFields value={validity} onChange={setValidity} errorOf={errorOf} />
        </div>
      )}
      {rest !== undefined && (
        <div className={css.whole}>
          <ErrorNote error={rest} />
        </div>
      )}
      <Button type="submit" className={`${css.huge} ${css.whole}`} loading={save.isPending}>
        {visitor ? common('save') : t(later ? 'code.give' : 'register')}
      </Button>
    </form>
  )
}

const textsOf = (visitor?: Visitor): Texts => ({
  lastName: visitor?.lastName ?? '',
  firstName: visitor?.firstName ?? '',
  middleName: visitor?.middleName ?? '',
  phone: visitor?.phone ?? '',
  workPlace: visitor?.workPlace ?? '',
  passportNumber: visitor?.passportNumber ?? '',
  pinfl: visitor?.pinfl ?? '',
  birthday: written(visitor?.birthday ?? ''),
  additionalDetails: visitor?.additionalDetails ?? '',
})

/** hostOf is the host as far as a visitor's record knows: enough to be shown and kept. */
const hostOf = (visitor?: Visitor): Employee | null =>
  visitor?.hostId ? ({ id: visitor.hostId, name: visitor.hostName ?? '' } as Employee) : null

function bodyOf(values: Texts, full: boolean) {
  const { lastName, firstName, phone, workPlace } = values
  return full ? { ...values, birthday: dateOf(values.birthday) } : { lastName, firstName, phone, workPlace }
}
