/** runs joins days that follow one another: 1,2,3,6 are 1–3 and 6. */
export function runs(days: readonly number[]): [number, number][] {
  const joined: [number, number][] = []
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    const last = joined.at(-1)
    if (last && last[1] === day - 1) last[1] = day
    else joined.push([day, day])
  }
  return joined
}
