import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answer, api } from '../../api/client'
import { useProvider } from '../../api/queries'
import type { Account } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { fieldErrors } from '../../ui/form'
import ui from '../../ui/ui.module.css'
import { useTexts } from './texts'

/** Identity connects a user to somebody at the provider of sign-ins, if there is one. */
export function Identity({ user }: { user: Account }) {
  const provider = useProvider()
  const query = useQuery({
    queryKey: ['users', 'identity', user.id],
    enabled: provider !== undefined,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v2/users/{id}/identity', { params: { path: { id: user.id } }, signal })),
    staleTime: 0,
    gcTime: 0,
  })
  if (provider === undefined || query.isPending) return null
  if (query.isError) return <ErrorNote error={query.error} />
  return <Connection id={user.id} provider={provider} known={query.data.subject ?? ''} />
}

function Connection({ id, provider, known }: { id: number; provider: string; known: string }) {
  const t = useTexts()
  const queries = useQueryClient()
  const [subject, setSubject] = useState(known)
  const params = { path: { id } }
  const change = useMutation({
    mutationFn: (next: string) =>
      next === ''
        ? answer(api.DELETE('/api/v2/users/{id}/identity', { params }))
        : answer(api.PUT('/api/v2/users/{id}/identity', { params, body: { subject: next } })),
    onSuccess: (_, next) => {
      setSubject(next)
      return queries.invalidateQueries({ queryKey: ['users', 'identity', id] })
    },
  })
  const { errorOf, rest } = fieldErrors(change.error ?? undefined, ['subject'])
  return (
    <form
      className={`${ui.form} ${ui.apart}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (subject.trim()) change.mutate(subject.trim())
      }}
    >
      <h3>{t('identity.title', { name: provider })}</h3>
      <TextInput
        name="subject"
        label={t('identity.subject')}
        description={t('identity.hint')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={subject}
        onChange={(event) => setSubject(event.currentTarget.value)}
        error={errorOf('subject')}
      />
      {rest !== undefined && <ErrorNote error={rest} />}
      <div className={ui.actions}>
        <Button
          type="submit"
          variant="default"
          loading={change.isPending}
          disabled={!subject.trim() || subject.trim() === known}
        >
          {t('identity.save')}
        </Button>
        {known && (
          <Button variant="default" loading={change.isPending} onClick={() => change.mutate('')}>
            {t('identity.drop')}
          </Button>
        )}
      </div>
      {change.isSuccess && (
        <p role="status" className={ui.good}>
          {t(change.variables === '' ? 'identity.dropped' : 'identity.saved')}
        </p>
      )}
    </form>
  )
}
