const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['YaBrowser', 'Yandex'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const

const SYSTEMS = ['Windows', 'Android', 'iPhone', 'iPad', 'Mac OS X', 'Linux']

/** programOf says in a few words what a User-Agent calls itself; another program's is cut. */
export function programOf(agent: string): string {
  const browser = BROWSERS.find(([sign]) => agent.includes(`${sign}/`))
  if (!agent.startsWith('Mozilla/') || !browser) return agent.slice(0, 40)
  const version = new RegExp(`${browser[0]}/(\\d+)`).exec(agent)?.[1]
  const system = SYSTEMS.find((name) => agent.includes(name))
  return [[browser[1], browser[0] === 'Safari' ? undefined : version].filter(Boolean).join(' '), system]
    .filter(Boolean)
    .join(', ')
}
