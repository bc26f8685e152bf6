import { Avatar } from '@mantine/core'
import { usePicture } from '../api/usePicture'

interface Props {
  person: { id: number; name: string; photoVersion?: string }
  /** In pixels; the whole photo from 97 on, the small one below. */
  size: number
}

const KEPT = 300_000

/** PersonAvatar is a person's photo, or the initials where there is none. The name stands beside it, so it says nothing itself. */
export function PersonAvatar({ person: { id, name, photoVersion }, size }: Props) {
  const small = size <= 96 ? 'size=small&' : ''
  const url = photoVersion ? `/api/v2/employees/${id}/photo?${small}v=${photoVersion}` : undefined
  const { data } = usePicture(url, KEPT)
  return (
    <Avatar
      src={data ?? null}
      name={name}
      size={size}
      radius={size > 96 ? 'md' : 'xl'}
      alt=""
      aria-hidden="true"
      data-photo={data ? photoVersion : undefined}
    />
  )
}
