import { answer, api } from './client'
import type { ImportMetadata } from './types'

/** LARGEST is the largest file that is taken, in bytes. */
export const LARGEST = 5 << 20

/** bodyOf is the form of a file; the server reads what is said of it first. */
function bodyOf(metadata: ImportMetadata, file: File) {
  const form = new FormData()
  form.append('metadata', JSON.stringify(metadata))
  form.append('file', file)
  return { body: { metadata, file: file.name }, bodySerializer: () => form }
}

/** previewImport asks what an import would do; nothing is written. */
export const previewImport = (metadata: ImportMetadata, file: File, signal: AbortSignal) =>
  answer(api.POST('/api/v2/employees/import/preview', { ...bodyOf(metadata, file), signal }))

/** applyImport does what the preview of the digest said. */
export const applyImport = (metadata: ImportMetadata, file: File) =>
  answer(api.POST('/api/v2/employees/import', bodyOf(metadata, file)))
