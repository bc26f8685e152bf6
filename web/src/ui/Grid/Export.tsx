import { Button, Menu } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { download } from '../../api/list'
import { useLanguage } from '../../i18n/i18n'
import { bytes } from '../../lib/format'
import { ErrorNote } from '../ErrorNote'
import { DownloadIcon } from '../icons'
import css from './grid.module.css'
import { useTexts } from './texts'
import type { GridState } from './useGrid'

interface Props<T> {
  grid: GridState<T>
  path: string
  name: string
}

/** Export downloads all rows that match, as the server writes them. */
export function Export<T>({ grid, path, name }: Props<T>) {
  const t = useTexts()
  const language = useLanguage()
  const [size, setSize] = useState(0)
  const file = useMutation({
    mutationFn: (format: 'csv' | 'xlsx') => {
      setSize(0)
      const asked = new URLSearchParams(grid.request)
      asked.set('format', format)
      return download(`${path}/export`, asked, `${name}.${format}`, setSize)
    },
  })
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<DownloadIcon size={16} />}
            disabled={file.isPending}
            className={css.icon}
            data-export
          >
            {file.isPending ? (
              t('export.going', { size: bytes(size, language) })
            ) : (
              <span className={css.word}>{t('export')}</span>
            )}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('export.hint')}</Menu.Label>
          <Menu.Item onClick={() => file.mutate('csv')}>{t('export.csv')}</Menu.Item>
          <Menu.Item onClick={() => file.mutate('xlsx')}>{t('export.xlsx')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className={css.spoken} aria-live="polite">
        {file.isSuccess && t('export.done')}
      </span>
      {file.isError && (
        <div className={css.wide}>
          <ErrorNote error={file.error} />
        </div>
      )}
    </>
  )
}
