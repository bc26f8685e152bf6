/** dateOf is the date that was written as in a passport, 31.01.1990; anything else is left for the server to judge. */
export function dateOf(text: string): string {
  const [, day, month, year] = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text.trim()) ?? []
  return day && month && year ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : text.trim()
}

/** written is a date, 1990-01-31, as people write it. */
export const written = (date: string): string => date.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$3.$2.$1')
