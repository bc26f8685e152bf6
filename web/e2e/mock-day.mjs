// An invented working day for mock.mjs: the same every time.

const APPLICATIONS = [
  ['EXCEL.EXE', 'Hisobot-2026-yanvar.xlsx - Excel'],
  ['chrome.exe', 'Soliq kabineti — Google Chrome'],
  ['1cv8.exe', '1С:Бухгалтерия предприятия'],
  ['WINWORD.EXE', 'Shartnoma № 114 - Word'],
  ['OUTLOOK.EXE', 'Входящие - n.aliyeva@sqb.uz - Outlook'],
  ['Telegram.exe', 'Telegram (3)'],
  ['explorer.exe', 'Hujjatlar'],
  ['AcroRd32.exe', 'Dalolatnoma.pdf - Adobe Acrobat Reader'],
  ['calc.exe', 'Kalkulyator'],
]
const SITES = [
  ['my.soliq.uz', '/kabinet', 'Soliq kabineti'],
  ['lex.uz', '/docs/4674902', 'Mehnat kodeksi'],
  ['kun.uz', '/news', 'Soʻnggi yangiliklar'],
  ['google.com', '/search?q=valyuta+kursi', 'valyuta kursi — Google'],
  ['didox.uz', '/documents', 'Hujjatlar'],
]
const MINUTE = 60_000

/** sequence is a small pseudo-random generator, so that screenshots can be compared. */
function sequence(seed) {
  let state = seed
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648
}

const span = (from, to) => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  computer: 'BUH-01',
})
const seconds = (spans) =>
  spans.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0)

function top(spans, key) {
  const by = new Map()
  for (const one of spans) by.set(one[key], (by.get(one[key]) ?? 0) + seconds([one]))
  const all = seconds(spans)
  return [...by]
    .map(([name, s]) => ({ name, seconds: Math.round(s), share: s / all }))
    .sort((a, b) => b.seconds - a.seconds)
}

/** dayOf invents the date; busy 0 is a day without anything. */
export function dayOf(date, busy) {
  const from = Date.parse(`${date}T00:00:00+05:00`)
  const random = sequence(Number(date.replaceAll('-', '')))
  const at = (hour) => from + hour * 60 * MINUTE
  const breaks = [
    [at(13), at(13.9)],
    [at(16.2), at(16.45)],
  ]
  const sessions = [
    { ...span(at(8.95), at(13)), state: 'active' },
    { ...span(at(13), at(13.9)), state: 'locked' },
    { ...span(at(13.9), at(18.2)), state: 'active' },
  ]
  const idle = [span(at(10.7), at(10.95)), span(...breaks[1]), span(at(17.4), at(17.5))]
  const [windows, sites] = [[], []]
  for (let now = at(8.97); now < at(18.2);) {
    const length = MINUTE * (0.1 + random() ** 4 * 24)
    const paused = breaks.find(([start, end]) => now >= start && now < end)
    if (paused) now = paused[1]
    const [process, title] = APPLICATIONS[Math.floor(random() ** 1.6 * APPLICATIONS.length)]
    windows.push({ ...span(now, Math.min(now + length, at(18.2))), process, title })
    if (process === 'chrome.exe') {
      const [host, path, name] = SITES[Math.floor(random() * SITES.length)]
      sites.push({ ...span(now, now + length), host, url: `https://${host}${path}`, title: name })
    }
    now += length
  }
  const whole = {
    date,
    zone: 'Asia/Tashkent',
    from: new Date(from).toISOString(),
    to: new Date(at(24)).toISOString(),
    truncated: false,
  }
  if (!busy) {
    const totals = { activeSeconds: 0, idleSeconds: 0, lockedSeconds: 0 }
    return {
      ...whole,
      sessions: [],
      windows: [],
      sites: [],
      idle: [],
      topApplications: [],
      topSites: [],
      totals,
    }
  }
  return {
    ...whole,
    sessions,
    windows,
    sites,
    idle,
    topApplications: top(windows, 'process'),
    topSites: top(sites, 'host'),
    totals: {
      activeSeconds: seconds(windows) - seconds(idle),
      idleSeconds: seconds(idle),
      lockedSeconds: 0.9 * 3600,
      firstAt: sessions[0].from,
      lastAt: sessions[2].to,
    },
  }
}
