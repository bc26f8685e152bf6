import { useTexts } from './texts'

const codes = [
  'expired',
  'unsupported',
  'interrupted',
  'malformed',
  'timeout',
  'failed',
  'checksum',
  'bundle',
  'disk',
  'memory',
  'refused',
  'agents_away',
  'no_answer',
  'replaced',
  'cancelled',
  'health_check_failed',
] as const

/** useCode says in words why a gateway did not do something; a code that these pages do not know stays as it is. */
export function useCode(): (code: string) => string {
  const t = useTexts()
  return (code) => {
    const known = codes.find((one) => one === code)
    return known ? t(known) : code
  }
}
