/** zones are those that the browser knows, and the present one even if it does not. */
export function zones(present?: string): string[] {
  const known = Intl.supportedValuesOf('timeZone')
  return present && !known.includes(present) ? [present, ...known] : known
}
