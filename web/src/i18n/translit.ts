// Uzbek in Cyrillic letters, made from the Latin. The server does the same to its own texts (platform/i18n/cyrillic.go);
// platform/i18n/testdata/cyrillic.json holds both to one spelling.

/** What is not Uzbek and stays: parameters, tags, addresses, names, code, abbreviations. */
const FOREIGN =
  /\{\{[^}]*\}\}|<[^>]*>|https?:\S+|\bStaff Control\b|\bstaff-control\b(?: [a-z]+)*|\b(?:Chrome|Enter|Linux|Shift)\b|\w+(?:[._@=]\w+)+|[A-Z]{2,}/g

const WORD = /[A-Za-zʻʼ‘’'`]+/g

/** Words, with all that begin with them, whose Cyrillic spelling their letters do not tell. */
const WORDS: Record<string, string> = {
  aprel: 'апрель',
  avtomobil: 'автомобиль',
  dekabr: 'декабрь',
  fevral: 'февраль',
  intervyu: 'интервью',
  iyul: 'июль',
  iyun: 'июнь',
  kompyuter: 'компьютер',
  konsert: 'концерт',
  modul: 'модуль',
  noyabr: 'ноябрь',
  obyekt: 'объект',
  oktabr: 'октябрь',
  parol: 'пароль',
  profil: 'профиль',
  rol: 'роль',
  sentabr: 'сентябрь',
  subyekt: 'субъект',
  yanvar: 'январь',
}

/** Letters that are written with several; the first that fits counts. */
const PAIRS: [string, string][] = [
  ['oʻ', 'ў'],
  ['gʻ', 'ғ'],
  ['sʼh', 'сҳ'],
  ['tsiya', 'ция'],
  ['sh', 'ш'],
  ['ch', 'ч'],
  ['yoʻ', 'йў'],
  ['yo', 'ё'],
  ['yu', 'ю'],
  ['ya', 'я'],
  ['ye', 'е'],
  ['ʼ', 'ъ'],
]

const LATIN = 'abdefghijklmnopqrstuvxyz'
const CYRILLIC = 'абдефгҳижклмнопқрстувхйз'

/** cyrillic spells a text of these pages in Cyrillic letters. */
export function cyrillic(text: string): string {
  let spelled = ''
  let end = 0
  for (const match of text.matchAll(FOREIGN)) {
    spelled += text.slice(end, match.index).replace(WORD, spell) + match[0]
    end = match.index + match[0].length
  }
  return spelled + text.slice(end).replace(WORD, spell)
}

function spell(word: string): string {
  const latin = word
    .toLowerCase()
    .replace(/(?<=[og])[‘’'`]/g, 'ʻ')
    .replace(/[’‘'`]/g, 'ʼ')
  if (/w|c(?!h)/.test(latin)) return word // no Uzbek word has these
  let spelled = ''
  for (let at = 0; at < latin.length;) {
    const [length, letters] = next(latin, at)
    const upper = word[at] !== latin[at] && /\p{Lu}/u.test(word[at]!)
    spelled += upper ? letters[0]!.toUpperCase() + letters.slice(1) : letters
    at += length
  }
  return spelled
}

/** next returns how many Latin letters come next, and what they are in Cyrillic. */
function next(latin: string, at: number): [number, string] {
  const known = at === 0 && Object.keys(WORDS).find((start) => latin.startsWith(start))
  if (known) return [known.length, soften(WORDS[known]!, latin[known.length])]
  const pair = PAIRS.find(([letters]) => latin.startsWith(letters, at))
  if (pair) return [pair[0].length, pair[1]]
  if (latin[at] === 'e' && (at === 0 || isVowel(latin, at - 1))) return [1, 'э']
  return [1, CYRILLIC[LATIN.indexOf(latin[at]!)] ?? latin[at]!]
}

const isVowel = (latin: string, at: number) =>
  /[aeiouʻ]/.test(latin[at]!) && !(latin[at] === 'ʻ' && latin[at - 1] === 'g')

/** soften drops a word's soft sign before a vowel: parol is пароль, but paroli is пароли. */
const soften = (word: string, following?: string) =>
  following && /[aeiou]/.test(following) ? word.replace(/ь$/, '') : word
