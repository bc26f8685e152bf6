import { ApiError } from '../api/errors'

interface FieldErrors {
  /** What the server says of a field, for the field's error. */
  errorOf: (field: string) => string | undefined
  /** The error itself where it is about none of the form's fields. */
  rest: unknown
}

/** fieldErrors puts a refusal's details where they belong: at the fields that the form has. */
export function fieldErrors(error: unknown, fields: readonly string[]): FieldErrors {
  const details = error instanceof ApiError ? (error.envelope?.details ?? []) : []
  const at = (field: string) => details.filter((detail) => detail.field === field)
  const elsewhere = details.filter(({ field }) => !fields.includes(field))
  return {
    errorOf: (field) =>
      at(field)
        .map(({ message }) => message)
        .join(' ') || undefined,
    rest: error && (details.length === 0 || elsewhere.length > 0) ? error : undefined,
  }
}
