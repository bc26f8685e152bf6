import { ApiError } from '../api/errors'

interface FieldErrors {
  /** What the server says of a field, for the field's error. */
  errorOf: (field: string) => string | undefined
  /** The error itself where it is about none of the form's fields. */
  rest: unknown
}

const detailsOf = (error: unknown) => (error instanceof ApiError ? (error.envelope?.details ?? []) : [])

/** listOf is the field of the form that a detail is about: of exclude.sites[2] the list. */
const listOf = (field: string) => field.replace(/\[\d+\].*$/, '')

/** fieldErrors puts a refusal's details where they belong: at the fields that the form has. */
export function fieldErrors(error: unknown, fields: readonly string[]): FieldErrors {
  const details = detailsOf(error)
  const at = (field: string) => details.filter((detail) => listOf(detail.field) === field)
  const elsewhere = details.filter(({ field }) => !fields.includes(listOf(field)))
  return {
    errorOf: (field) =>
      at(field)
        .map(({ message }) => message)
        .join(' ') || undefined,
    rest: error && (details.length === 0 || elsewhere.length > 0) ? error : undefined,
  }
}

/** entryErrors names, of a list that was sent, the entries that are wrong, and what is wrong with them. */
export function entryErrors(error: unknown, field: string, sent: readonly string[]): string | undefined {
  const said = detailsOf(error)
    .filter((detail) => listOf(detail.field) === field)
    .map((detail) => {
      const entry = sent[Number(/\[(\d+)\]/.exec(detail.field)?.[1])]
      return entry === undefined ? detail.message : `${entry}: ${detail.message}`
    })
  return said.join(' · ') || undefined
}
