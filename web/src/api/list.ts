import { authorized } from './client'
import { errorOf } from './errors'

/** Listed is one page of a list that can be filtered and sorted; total counts what matches. */
export interface Listed<T> {
  items: T[]
  next: string
  total?: number
}

async function ask(path: string, params: URLSearchParams, signal?: AbortSignal): Promise<Response> {
  const url = new URL(`${path}?${params}`, location.origin)
  const response = await authorized(new Request(url, { signal }))
  if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined))
  return response
}

/** readList reads a page of any list; which parameters it takes is the list's own matter. */
export async function readList<T>(
  path: string,
  params: URLSearchParams,
  signal?: AbortSignal,
): Promise<Listed<T>> {
  return (await (await ask(path, params, signal)).json()) as Listed<T>
}

/**
 * download fetches a file with the access token, which a plain link cannot carry, and hands it to the browser.
 * It says how many bytes have come, because nobody knows how many will.
 */
export async function download(
  path: string,
  params: URLSearchParams,
  fallbackName: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const response = await ask(path, params)
  const chunks: BlobPart[] = []
  let bytes = 0
  for await (const chunk of chunksOf(response)) {
    chunks.push(chunk)
    onBytes((bytes += chunk.length))
  }
  const type = response.headers.get('Content-Type') ?? ''
  save(new Blob(chunks, { type }), nameOf(response) ?? fallbackName)
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  if (!reader) return
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** nameOf reads the file's name from Content-Disposition. */
export function nameOf(response: Response): string | undefined {
  const header = response.headers.get('Content-Disposition') ?? ''
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1]
  if (encoded) return decodeURIComponent(encoded)
  return /filename="?([^";]+)"?/i.exec(header)?.[1]
}

/** save hands a file to the browser under a name. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
