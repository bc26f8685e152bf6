/** idOf is the positive whole number that a text is; undefined for any other text. */
export function idOf(text: string | null | undefined): number | undefined {
  const id = Number(text)
  return Number.isSafeInteger(id) && id > 0 ? id : undefined
}
