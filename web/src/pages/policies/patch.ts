import type { FieldChange } from '../../api/types'

interface Operation {
  op: string
  path: string
  value?: unknown
}

const isOperation = (one: unknown): one is Operation =>
  typeof one === 'object' && one !== null && typeof (one as Operation).path === 'string'

/** What a change of a policy may be about beside its content, which versions keep. */
const BESIDE = ['/title', '/isActive']

/** besideContent are the changes of a changeset (RFC 6902) that no version has; they say only what became of it. */
export function besideContent(changeset: unknown): FieldChange[] {
  return operations(changeset)
    .filter(({ path }) => BESIDE.includes(path))
    .map(({ path, value }) => ({ field: path.slice(1), to: value }))
}

/** changesContent says that a changeset made a version. */
export const changesContent = (changeset: unknown): boolean =>
  operations(changeset).some(({ path }) => !BESIDE.includes(path))

const operations = (changeset: unknown): Operation[] =>
  Array.isArray(changeset) ? changeset.filter(isOperation) : []
