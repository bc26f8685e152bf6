// Names come in Uzbek Latin, Uzbek Cyrillic and Russian spelling; folded, the same name is the same text.

// prettier-ignore
const CYRILLIC: Record<string, string> = {
  а: 'a', б: 'b', в: 'v', г: 'g', ғ: 'g', д: 'd', е: 'e', ё: 'yo', ж: 'j', з: 'z', и: 'i', й: 'y', к: 'k', қ: 'k',
  л: 'l', м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ў: 'o', ф: 'f', х: 'h', ҳ: 'h', ц: 's',
  ч: 'ch', ш: 'sh', щ: 'sh', ъ: '', ы: 'i', ь: '', э: 'e', ю: 'yu', я: 'ya',
}

/** fold writes a text in one script and one spelling, for comparing only. Russian letters stand for those of Uzbek that sound near. */
export function fold(text: string): string {
  return text
    .toLocaleLowerCase('ru')
    .replace(/[а-яёўқғҳ]/g, (letter) => CYRILLIC[letter] ?? letter)
    .replace(/[ʻʼ‘’'`]/g, '')
    .replace(/kh|x/g, 'h')
    .replace(/u/g, 'o')
    .replace(/q/g, 'k')
    .replace(/zh|dj/g, 'j')
    .replace(/ts/g, 's')
    .replace(/iy|y(?=e)/g, 'i')
    .replace(/ie/g, 'e')
}

/** Letters that fold confounds, as an order of names keeps them apart. */
const APART: Record<string, string> = { қ: 'q', х: 'x' }

/** latin writes a name as it is sorted: by its Latin spelling, as the server's lists are. */
const latin = (name: string): string =>
  name
    .toLocaleLowerCase('ru')
    .replace(/[а-яёўқғҳ]/g, (letter) => APART[letter] ?? CYRILLIC[letter] ?? letter)
    .replace(/[ʻʼ‘’'`]/g, '')

/** compareNames orders names, those of both scripts together. */
export const compareNames = (a: string, b: string): number =>
  latin(a).localeCompare(latin(b)) || a.localeCompare(b)

/** words are the folded words of a name or a user name, longest first: n.aliyeva, Алиева Н. */
export const words = (text: string): string[] =>
  fold(text)
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length > 0)
    .sort((a, b) => b.length - a.length)

/** letters that two words begin with alike. */
function common(a: string, b: string): number {
  let n = 0
  while (n < a.length && n < b.length && a[n] === b[n]) n++
  return n
}

/** alike says how much two names have in common, 0 to 1: full words count most, initials a little. */
export function alike(a: string, b: string): number {
  const ours = words(a)
  const theirs = words(b)
  if (ours.length === 0 || theirs.length === 0) return 0
  let matched = 0
  for (const word of ours) {
    const best = Math.max(
      ...theirs.map((other) => {
        const n = common(word, other)
        // A word of one letter is an initial; of longer ones, half must agree.
        if (n === Math.min(word.length, other.length)) return n
        // bkarimov is B. Karimov.
        if (other.length >= 4 && word.includes(other)) return other.length
        return n >= 4 && n * 2 >= Math.max(word.length, other.length) ? n * 0.8 : 0
      }),
    )
    matched += best
  }
  return matched / ours.reduce((sum, word) => sum + word.length, 0)
}
