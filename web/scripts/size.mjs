// Fails the build when a page has become too heavy. Sizes are gzip bytes of JS and CSS.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const FIRST_LOAD = 300_000
const ROUTE = 80_000

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const gzipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length

/** files returns every file that must be there before the chunk runs. */
function files(key, seen = new Set()) {
  const chunk = manifest[key]
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  chunk.css?.forEach((file) => seen.add(file))
  chunk.imports?.forEach((next) => files(next, seen))
  return seen
}

const sum = (set) => [...set].reduce((total, file) => total + gzipped(file), 0)
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const base = files(entry)
const baseSize = sum(base) + gzipped('index.html') + gzipped('scheme.js')
const tooLarge = []

function report(name, size, limit) {
  console.log(`${name.padEnd(44)} ${(size / 1000).toFixed(1).padStart(7)} kB gzip (limit ${limit / 1000})`)
  if (size > limit) tooLarge.push(name)
}

const routes = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry)
const own = routes.map((key) => [key, sum(minus(files(key), base))])
own.forEach(([key, size]) => report(key, size, ROUTE))
report(
  'first load (entry and the largest route)',
  baseSize + Math.max(0, ...own.map(([, s]) => s)),
  FIRST_LOAD,
)

/** minus is Set.difference, which Node 20 does not have. */
function minus(a, b) {
  return new Set([...a].filter((file) => !b.has(file)))
}

if (tooLarge.length > 0) {
  console.error(`too large: ${tooLarge.join(', ')}`)
  process.exit(1)
}
