/** clockOf reads a time of day as people type it: 9, 930, 9:30, 9.30 and 09:30; undefined for what is none. */
export function clockOf(text: string): string | undefined {
  const match = /^(\d{1,2})(?:[:.\s-]?(\d{2}))?$/.exec(text.trim())
  if (!match) return undefined
  const [hour, minute] = [Number(match[1]), Number(match[2] ?? 0)]
  if (hour > 23 || minute > 59) return undefined
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
