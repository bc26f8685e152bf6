import css from './passes.module.css'
import { hue, initials } from './words'

/** Face stands for a person: the initials on a colour of their own. It repeats the name beside it. */
export function Face({ name }: { name: string }) {
  return (
    <span className={css.face} data-hue={hue(name)} aria-hidden="true">
      {initials(name) || '?'}
    </span>
  )
}
