import { Button } from '@mantine/core'
import { saveCsv } from '../lib/csv'
import { DownloadIcon } from './icons'
import { useCommon } from './texts'

/** SaveCsv writes what a table says into a file; what it is about belongs to the button's name where a page has several. */
export function SaveCsv(props: { name: string; rows: () => string[][]; of?: string; disabled?: boolean }) {
  const t = useCommon()
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<DownloadIcon size={14} />}
      aria-label={props.of && `${t('csv')}: ${props.of}`}
      disabled={props.disabled}
      onClick={() => saveCsv(`${props.name}.csv`, props.rows())}
    >
      {t('csv')}
    </Button>
  )
}
