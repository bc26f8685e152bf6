export interface Hours {
  days: number[]
  from: string
  to: string
  zone: string
}

/** hoursIn reads working hours as the server compares them: [1 2 3] 09:00-18:00 Asia/Tashkent; anything else is none. */
export function hoursIn(text: unknown): Hours | undefined {
  if (typeof text !== 'string') return undefined
  const [, days, from, to, zone] = /^\[([\d ]*)\] (\d\d:\d\d)-(\d\d:\d\d) (\S+)$/.exec(text) ?? []
  if (days === undefined || !from || !to || !zone) return undefined
  return { days: days.split(' ').filter(Boolean).map(Number), from, to, zone }
}
