// What the browser tests find on the pages: the seed reports it through the gateway, run.mjs reads it back.

export const employee = 'Aliyeva Nodira Baxtiyorovna'
export const computer = { uid: 'BUH-01', sid: 'S-1-5-21-1004336348-1177238915-682003330-1001' }
export const stranger = {
  uid: 'SAVDO-07',
  computer: 'Savdo zali',
  sid: 'S-1-5-21-1004336348-1177238915-682003330-1007',
  name: 'Kassa',
}
/** A second gateway, of which three positions have not arrived. */
export const branch = { serial: 'GW-SAMARQAND-01', name: 'Samarqand filiali', gap: [4, 6], bufferUsage: 0.78 }

/** Who else signs in, with the password of the tests. */
export const users = [
  { username: 'kadrlar', role: 'HR' },
  { username: 'rahbar', role: 'DEPARTMENT_LEAD' }, // of the employee's department
  { username: 'qorovul', role: 'GUARD' },
]
/** Another ADMIN, who speaks all languages: the server remembers which, and the first one's would change under other tests. */
export const polyglot = 'tarjimon'
/** Of another department, and she is at the computer of the recordings. */
export const colleague = 'Rahimova Dilnoza'
/** He came at this clock, when his shift had begun at nine. */
export const latecomer = {
  name: 'Каримов Ботир Рустамович',
  uid: 'SAVDO-01',
  sid: 'S-1-5-21-1004336348-1177238915-682003330-1011',
  came: '09:37',
}
/** She is not there, and her computer says why it cannot tell. */
export const silent = {
  name: 'Ким Светлана',
  uid: 'PC-17',
  sid: 'S-1-5-21-1004336348-1177238915-682003330-1017',
  detail: 'disk C: is full',
}
/** One computer that was set up anew: two, by what it says. */
export const twins = {
  uids: ['OMBOR-ESKI', 'OMBOR-YANGI'],
  sid: 'S-1-5-21-1004336348-1177238915-682003330-1021',
  name: 'OMBOR',
  mac: '00:1B:44:11:3A:B7',
}
/** A Windows user of nobody’s, whose name says in the other script whose he is. */
export const suspect = {
  uid: 'SAVDO-02',
  sid: 'S-1-5-21-1004336348-1177238915-682003330-1031',
  user: 'Karimov Botir',
}
/** Another organization, of which nobody here may see anything. */
export const foreign = { name: 'Begona zavod', employee: 'Begona Odam', uid: 'BEGONA-01' }

/** Organizations that are closed: with the others, more than a page of them. */
export const branches = Array.from({ length: 53 }, (_, n) => `Filial ${String(n + 1).padStart(2, '0')}`)

/** What the requests of v1's agents say of one computer's day, each of them sent twice. */
export const recorded = {
  uid: 'PC-0001',
  sid: 'S-1-5-21-1000-2000-3000-1001',
  date: '2025-10-01',
  windows: [
    ['09:00:00', '09:02:00', 'Code.exe'],
    ['14:00:00', '14:00:01', 'Code.exe'],
    ['14:00:01', '14:02:00', 'Code.exe'],
  ],
  sites: [
    ['09:00:00', '09:00:30', 'kun.uz'],
    ['14:00:00', '14:00:00', 'kun.uz'],
    ['14:00:00', '14:00:01', 'kun.uz'],
    ['14:00:01', '14:00:30', 'kun.uz'],
  ],
  sessions: [
    ['05:00:00', '09:00:00', 'Unlocked'],
    ['09:00:00', '15:00:00', 'Unlocked'],
    ['15:00:00', '18:00:00', 'Unlocked'],
  ],
}

/** Clock times are Tashkent's; the browser itself runs in New York. Minutes are how long it lasted. */
const EXCEL = ['EXCEL.EXE', 'Hisobot 2026.xlsx - Excel']
const ACCOUNTS = ['1cv8.exe', '1С:Бухгалтерия предприятия, редакция 3.0']
export const windows = [
  ['09:00', 90, ...EXCEL],
  ['10:30', 40, 'chrome.exe', 'Soliq kabineti — Google Chrome'],
  ['11:10', 20, 'chrome.exe', 'Google — Google Chrome'],
  ['11:30', 90, ...ACCOUNTS],
  ['13:50', 100, ...EXCEL],
  ['15:30', 30, 'chrome.exe', 'Mehnat kodeksi — Google Chrome'],
  ['16:00', 20, 'OUTLOOK.EXE', 'Kiruvchi - n.aliyeva@bank.uz - Outlook'],
  ['16:20', 100, ...ACCOUNTS],
]
export const sites = [
  ['10:30', 40, 'https://my.soliq.uz/kabinet', 'Soliq kabineti'],
  ['11:10', 20, 'https://www.google.com/search?q=kurs', 'kurs - Google qidiruvi'],
  ['15:30', 30, 'https://lex.uz/docs/6257288', 'Mehnat kodeksi'],
]
export const idle = [
  ['11:40', 15],
  ['16:40', 20],
]
export const sessions = [
  ['08:57', 'LOGIN'],
  ['13:00', 'LOCK'],
  ['13:50', 'UNLOCK'],
  ['18:05', 'LOGOUT'],
]

/** Her screen, as it was pictured: when, what stood there, and its colour. */
export const shots = [
  ['09:20', 'EXCEL.EXE', 'Hisobot 2026.xlsx - Excel', [33, 115, 70]],
  ['11:45', '1cv8.exe', '1С:Бухгалтерия предприятия, редакция 3.0', [255, 210, 60]],
]
/** Something that has been there for longer than a short rule keeps it. */
export const old = { daysBefore: 10, process: 'kassa.exe', minutes: 10 }

/** What the page must make of it, worked out by hand: the idle time is nobody's work. */
export const read = {
  totals: {
    'First activity': '08:57',
    'Last activity': '18:05',
    Active: '7 h 43 min',
    Idle: '35 min',
    Locked: '50 min',
  },
  top: 'EXCEL.EXE, 1cv8.exe, chrome.exe',
  applications: [
    ['EXCEL.EXE', '3 h 10 min', '42%'],
    ['1cv8.exe', '2 h 35 min', '34%'],
    ['chrome.exe', '1 h 30 min', '20%'],
    ['OUTLOOK.EXE', '20 min', '4.4%'],
  ],
  sites: [
    ['my.soliq.uz', '40 min', '44%'],
    ['lex.uz', '30 min', '33%'],
    ['google.com', '20 min', '22%'],
  ],
  /** Of statistics, which leave idle time in. */
  used: {
    applications: [
      ['1cv8.exe', '3 h 10 min', '39%'],
      ['EXCEL.EXE', '3 h 10 min', '39%'],
      ['chrome.exe', '1 h 30 min', '18%'],
      ['OUTLOOK.EXE', '20 min', '4.1%'],
    ],
    sites: [
      ['my.soliq.uz', '40 min', '44%'],
      ['lex.uz', '30 min', '33%'],
      ['google.com', '20 min', '22%'],
    ],
  },
  sessions: [
    ['08:57:00', '13:00:00', 'Unlocked'],
    ['13:00:00', '13:50:00', 'Locked'],
    ['13:50:00', '18:05:00', 'Unlocked'],
  ],
  idle: [
    ['11:40:00', '11:55:00', 'Idle'],
    ['16:40:00', '17:00:00', 'Idle'],
  ],
}
