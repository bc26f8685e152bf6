import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react'
import { session } from '../api/client'
import { suggest } from '../i18n/i18n'
import { Boundary, ErrorNote } from '../ui/ErrorNote'
import { Rows } from '../ui/parts'
import { Shell } from './Shell'

const SignInPage = lazy(() => import('../pages/sign-in/SignInPage'))

/** App shows the pages to who is signed in, and the sign-in page, at the same address, to who is not. */
export function App() {
  const current = useSyncExternalStore(session.subscribe, session.get)
  const queries = useQueryClient()
  const [failure, setFailure] = useState<unknown>()

  const resume = () => {
    setFailure(undefined)
    session.refresh().catch(setFailure)
  }
  useEffect(() => {
    session.refresh().catch(setFailure)
  }, [])

  const user = current.state === 'in' ? current.user : undefined
  const known = user !== undefined
  useLayoutEffect(() => {
    if (!known) queries.clear() // nothing of one user is shown to the next; before the sign-in page asks for anything
  }, [known, queries])
  useEffect(() => void suggest(user?.language), [user?.language])

  if (current.state === 'unknown')
    return failure ? <ErrorNote error={failure} retry={resume} /> : <Rows count={8} />
  if (!user) {
    return (
      <Boundary>
        <Suspense fallback={<Rows />}>
          <SignInPage />
        </Suspense>
      </Boundary>
    )
  }
  return <Shell user={user} />
}
