import { save } from '../api/list'

const QUOTED = /[",;\n\r]/
const FORMULA = /^[=+\-@\t\r]/

/** csv writes rows for a spreadsheet; a text that would run as a formula there is defused. */
export function csv(rows: string[][]): string {
  const cell = (text: string) => {
    const safe = FORMULA.test(text) ? `'${text}` : text
    return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return '\ufeff' + rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

/** saveCsv hands rows to the browser as a file. */
export function saveCsv(name: string, rows: string[][]): void {
  save(new Blob([csv(rows)], { type: 'text/csv;charset=utf-8' }), name)
}
