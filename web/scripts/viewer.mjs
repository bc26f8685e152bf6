// Puts the viewer of the OpenAPI document into dist: Swagger UI as its package brings it, and the script that starts it in
// the colours of the pages.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const packaged = at('../node_modules/swagger-ui-dist/')

mkdirSync(at('../dist/api-docs'), { recursive: true })
copyFileSync(`${packaged}swagger-ui-bundle.js`, at('../dist/api-docs/viewer.js'))
copyFileSync(`${packaged}swagger-ui-bundle.js.LICENSE.txt`, at('../dist/api-docs/LICENSES.txt'))
copyFileSync(`${packaged}swagger-ui.css`, at('../dist/api-docs/viewer.css'))
writeFileSync(
  at('../dist/api-docs/start.js'),
  ['../public/scheme.js', 'start-viewer.js'].map((path) => readFileSync(at(path), 'utf8')).join('\n'),
)
