import { usePhoto } from '../../api/usePicture'
import css from './passes.module.css'
import { hue, initials } from './words'

const SIZE = 36

interface Props {
  name: string
  /** Whose photo it is; who has none is shown by initials. */
  employeeId?: number
  photoVersion?: string
}

/** Face stands for a person: the photo, or the initials on a colour of their own. It repeats the name beside it. */
export function Face({ name, employeeId, photoVersion }: Props) {
  const photo = usePhoto(employeeId, photoVersion, SIZE)
  if (photo) return <img className={css.face} src={photo} alt="" data-photo={photoVersion} />
  return (
    <span className={css.face} data-hue={hue(name)} aria-hidden="true">
      {initials(name) || '?'}
    </span>
  )
}
