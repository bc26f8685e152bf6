/** Letters and digits that cannot be taken for one another. */
const SIGNS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 16

/** invent makes a password that is easy to read out: groups of five, with each kind of sign that the server asks for. */
export function invent(random = (n: number) => crypto.getRandomValues(new Uint32Array(n))): string {
  const signs = [...random(LENGTH)].map((n) => SIGNS[n % SIGNS.length]!)
  return ['A', 'k', ...signs, '7', '#'].join('').replace(/(.{5})(?=.)/g, '$1-')
}
