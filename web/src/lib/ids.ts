/** numberOf is the number that a text stands for, NaN for one that is none: the server says what is wrong with it. */
export const numberOf = (text: string | null): number | undefined => (text ? Number(text) : undefined)

/** idOf is the positive whole number that a text is; undefined for any other text. */
export function idOf(text: string | null | undefined): number | undefined {
  const id = Number(text)
  return Number.isSafeInteger(id) && id > 0 ? id : undefined
}
