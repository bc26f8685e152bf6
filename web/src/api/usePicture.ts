import { useQuery } from '@tanstack/react-query'
import { authorized } from './client'
import { errorOf } from './errors'

/** read fetches a picture as a data: URL. An img element cannot ask itself: it has no access token. */
async function read(url: string, signal: AbortSignal): Promise<string> {
  const response = await authorized(new Request(new URL(url, location.origin), { signal }))
  if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined))
  return dataURL(await response.blob())
}

function dataURL(blob: Blob): Promise<string> {
  const reader = new FileReader()
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result as string)
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'))
    reader.readAsDataURL(blob)
  })
}

/** usePicture reads a picture of the server, to be forgotten so long after it was last shown. */
export function usePicture(url: string | undefined, gcTime: number) {
  return useQuery({
    queryKey: ['picture', url],
    enabled: url !== undefined,
    queryFn: ({ signal }) => read(url ?? '', signal),
    staleTime: Infinity,
    gcTime,
    retry: false,
  })
}

const PHOTO_KEPT_MS = 300_000

/** usePhoto reads an employee's photo, small up to 96 pixels; undefined where there is none, or until it is here. */
export function usePhoto(
  id: number | undefined,
  version: string | undefined,
  size: number,
): string | undefined {
  const small = size <= 96 ? 'size=small&' : ''
  const url = id && version ? `/api/v2/employees/${id}/photo?${small}v=${version}` : undefined
  return usePicture(url, PHOTO_KEPT_MS).data
}
