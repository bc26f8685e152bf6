import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { download } from '../../../api/list'
import { ErrorNote } from '../../../ui/ErrorNote'
import { DownloadIcon } from '../../../ui/icons'
import { useTexts } from './texts'

const FORMATS = ['xlsx', 'csv'] as const

/** Templates are files to fill in, with headings in the reader's language. */
export function Templates() {
  const t = useTexts()
  const file = useMutation({
    mutationFn: (format: (typeof FORMATS)[number]) =>
      download(
        '/api/v2/employees/import/template',
        new URLSearchParams({ format }),
        `employees.${format}`,
        () => undefined,
      ),
  })
  return (
    <>
      {FORMATS.map((format) => (
        <Button
          key={format}
          variant="default"
          leftSection={<DownloadIcon size={16} />}
          disabled={file.isPending}
          onClick={() => file.mutate(format)}
        >
          {t(`template.${format}`)}
        </Button>
      ))}
      {file.isError && <ErrorNote error={file.error} />}
    </>
  )
}
