import { usePhoto } from '../api/usePicture'
import css from './ui.module.css'

interface Props {
  person: { id: number; name: string; photoVersion?: string }
  /** In pixels; the whole photo from 97 on, the small one below. */
  size: number
}

/** PersonAvatar is a person's photo, or the initials where there is none. The name stands beside it, so it says nothing itself. */
export function PersonAvatar({ person: { id, name, photoVersion }, size }: Props) {
  const data = usePhoto(id, photoVersion, size)
  const round = size <= 96 ? css.round : ''
  if (data) {
    return (
      <img
        className={`${css.avatar} ${round}`}
        src={data}
        width={size}
        height={size}
        alt=""
        data-photo={photoVersion}
      />
    )
  }
  // Drawn by the style sheet: who copies the name copies no initials.
  return (
    <span
      className={`${css.avatar} ${round}`}
      style={{ width: size, height: size, fontSize: size * 0.4 }}
      data-initials={initials(name)}
      aria-hidden="true"
    />
  )
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join('')
    .toLocaleUpperCase('ru')
