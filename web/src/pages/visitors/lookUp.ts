import { answer, api } from '../../api/client'
import { readList } from '../../api/list'
import { scanned } from './scanned'
import type { Code, Visit, Visitor } from './types'

/** What somebody who shows a code may do: come in, or leave by the same code. */
export type Shown = { what: 'arriving'; code: Code; visitor: Visitor } | { what: 'leaving'; visit: Visit }

/** A Refusal says whose code it was, where that is known. */
export class Refusal extends Error {
  readonly why: unknown
  readonly code?: Code

  constructor(why: unknown, code?: Code) {
    super('refused')
    this.why = why
    this.code = code
  }
}

/** lookUp finds out whose the code is. It uses nothing up. */
export async function lookUp(text: string): Promise<Shown> {
  const wanted = scanned(text)
  const codes = await readList<Code>(
    '/api/v2/visitors/codes',
    new URLSearchParams({ code: wanted || text, limit: '20' }),
  )
  const known = codes.items.filter(({ code }) => code === wanted)
  const mine = known.find(({ isActive }) => isActive) ?? known[0]
  if (mine) {
    const visits = await readList<Visit>(
      '/api/v2/visitors/visits',
      new URLSearchParams({ visitorId: String(mine.visitorId), inside: 'true' }),
    )
    const [visit] = visits.items
    if (visit) return { what: 'leaving', visit }
  }
  try {
    const code = await answer(api.POST('/api/v2/visitors/codes/check', { body: { code: wanted || text } }))
    const params = { path: { id: code.visitorId } }
    return { what: 'arriving', code, visitor: await answer(api.GET('/api/v2/visitors/{id}', { params })) }
  } catch (error) {
    throw new Refusal(error, mine)
  }
}
