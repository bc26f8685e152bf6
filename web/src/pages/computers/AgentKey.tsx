import { Button, Modal, Select, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useOrganizations, useUser } from '../../api/queries'
import { ErrorNote } from '../../ui/ErrorNote'
import { Secret } from '../../ui/parts'
import { useCommon } from '../../ui/texts'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** AgentKey makes the key with which an agent reports, and shows it once. */
export function AgentKey({ onClose }: { onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const user = useUser()
  const organizations = useOrganizations()
  const [organization, setOrganization] = useState<string | null>(null)
  const [description, setDescription] = useState('')
  const organizationId = Number(organization ?? user.organizationId ?? organizations[0]?.id) || undefined
  const issue = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v2/api-keys', {
          body: { type: 'AGENT', organizationId, description: description.trim() || undefined },
        }),
      ),
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('key.new')}
      closeOnClickOutside={!issue.data}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {issue.data ? (
        <div className={ui.form}>
          <Secret value={issue.data.key} label={t('key.value')} />
          <p>
            <strong>{common('once')}</strong> {t('key.use')}
          </p>
          <pre className={ui.code}>X-API-Key: {issue.data.prefix}…</pre>
          <Button variant="default" onClick={onClose}>
            {common('close')}
          </Button>
        </div>
      ) : (
        <form
          className={ui.form}
          onSubmit={(event) => {
            event.preventDefault()
            issue.mutate()
          }}
        >
          {user.organizationId === undefined && organizations.length > 1 && (
            <Select
              label={common('organization')}
              data={organizations.map(({ id, shortName }) => ({ value: String(id), label: shortName }))}
              value={String(organizationId)}
              onChange={setOrganization}
              allowDeselect={false}
            />
          )}
          <TextInput
            label={t('key.description')}
            placeholder={t('key.description.hint')}
            maxLength={200}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            data-autofocus
          />
          {issue.isError && <ErrorNote error={issue.error} />}
          <Button type="submit" loading={issue.isPending}>
            {t('key.make')}
          </Button>
        </form>
      )}
    </Modal>
  )
}
