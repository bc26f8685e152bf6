import { SegmentedControl } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { useZone } from '../../api/queries'
import type { Policy } from '../../api/types'
import { idOf } from '../../lib/ids'
import { useUrlState } from '../../lib/urlState'
import { ErrorNote } from '../../ui/ErrorNote'
import { useChosenOrganization, useKnowsOrganization } from '../../ui/OrganizationSelect'
import { Page } from '../../ui/Page'
import { Rows, Status } from '../../ui/parts'
import { Actions } from './Actions'
import { Changes } from './Changes'
import { Going } from './Going'
import { Holders } from './Holders'
import css from './policies.module.css'
import { PolicyForm } from './PolicyForm'
import { Rollouts } from './Rollouts'
import { useTexts } from './texts'
import { usePolicy } from './usePolicy'
import { Versions } from './Versions'

const NEW = 'new'
const parts = ['content', 'holders', 'versions', 'changes'] as const

/** PolicyPage is one policy: what it says, who has it, and its versions; or the form of a new one. */
export default function PolicyPage() {
  const { id } = useParams<{ id: string }>()
  return id === NEW ? <NewPolicy /> : <OldPolicy id={idOf(id) ?? 0} />
}

function NewPolicy() {
  const t = useTexts()
  const [, navigate] = useLocation()
  const organizationId = useChosenOrganization()
  const zone = useZone(organizationId)
  const known = useKnowsOrganization()
  return (
    <Page title={t('new')} lead={<Link href="/policies">{t('title')}</Link>}>
      {known ? (
        <PolicyForm
          organizationId={organizationId}
          zone={zone}
          onMade={({ id }) => navigate(`/policies/${id}?tab=holders`)}
        />
      ) : (
        <Rows count={8} />
      )}
    </Page>
  )
}

function OldPolicy({ id }: { id: number }) {
  const t = useTexts()
  const query = usePolicy(id)
  if (query.isError && !query.data) {
    return (
      <Page title={t('title')}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </Page>
    )
  }
  if (!query.data) return <Rows count={8} />
  return <One policy={query.data} />
}

function One({ policy }: { policy: Policy }) {
  const zone = useZone(policy.organizationId)
  const [params, change] = useUrlState()
  const [deleted, setDeleted] = useState(false)
  const part = parts.find((name) => name === params.get('tab')) ?? 'content'
  if (deleted) return null
  return (
    <Page
      title={policy.title}
      lead={<Lead policy={policy} />}
      actions={<Actions policy={policy} onDeleted={() => setDeleted(true)} />}
    >
      {policy.rollout && <Going policy={policy} rollout={policy.rollout} zone={zone} />}
      <Parts
        part={part}
        onChoose={(name) => change({ tab: name === 'content' ? null : name }, { push: true })}
      />
      {/* What is typed there stays while other parts are looked at. */}
      <div hidden={part !== 'content'}>
        <PolicyForm policy={policy} zone={zone} />
      </div>
      {part === 'holders' && <Holders policy={policy} />}
      {part === 'versions' && (
        <>
          <Versions policy={policy} zone={zone} />
          <Rollouts policy={policy} zone={zone} />
        </>
      )}
      {part === 'changes' && <Changes policy={policy} zone={zone} />}
    </Page>
  )
}

/** Parts choose what of the policy is shown. On a phone they are scrolled, and the chosen one is in sight. */
function Parts({ part, onChoose }: { part: string; onChoose: (part: string) => void }) {
  const t = useTexts()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const chosen = box.current?.querySelector('label[data-active]')
    if (!box.current || !chosen) return
    const [outer, inner] = [box.current.getBoundingClientRect(), chosen.getBoundingClientRect()]
    if (inner.right > outer.right || inner.left < outer.left)
      box.current.scrollLeft += inner.left - outer.left
  }, [part])
  return (
    <div className={css.parts} ref={box}>
      <SegmentedControl
        aria-label={t('tabs')}
        value={part}
        onChange={onChoose}
        data={parts.map((value) => ({ value, label: t(`part.${value}`) }))}
      />
    </div>
  )
}

function Lead({ policy }: { policy: Policy }) {
  const t = useTexts()
  const { isActive, isDefault, releasedVersion } = policy
  return (
    <span className={css.controls}>
      <Link href="/policies">{t('title')}</Link>
      <Status tone={isActive ? 'good' : 'quiet'}>{t(isActive ? 'active' : 'inactive')}</Status>
      {isDefault && <span className={css.mark}>{t('default')}</span>}
      {releasedVersion > 0 && (
        <span
          data-version={releasedVersion}
        >{`${t('released')}: ${t('version.n', { n: releasedVersion })}`}</span>
      )}
    </span>
  )
}
