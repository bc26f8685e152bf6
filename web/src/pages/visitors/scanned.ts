// What scanners that pretend to be keyboards write: the letters of an English keyboard, whatever the computer's is.
const CYRILLIC = 'йцукенгшщзхъфывапролджэячсмитьбюЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ'
const ENGLISH = 'qwertyuiop[]asdfghjkl;\'zxcvbnm,.QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'

const typed = (text: string) =>
  [...text].map((letter) => ENGLISH[CYRILLIC.indexOf(letter)] ?? letter).join('')

/** scanned is the code in what was scanned or typed: what the picture's JSON says, or the text itself. */
export function scanned(text: string): string {
  const words = typed(text.trim())
  if (!words.startsWith('{')) return words
  return /"code"\s*:\s*"([^"]*)"/.exec(words)?.[1] ?? ''
}

/** begins says that a key that was pressed nowhere may be a scanner's first. */
export const begins = (key: string): boolean => /^[{0-9A-FХ]$/.test(key)
