import { Button, FileButton } from '@mantine/core'
import { useState } from 'react'
import { LARGEST } from '../../../api/imports'
import { useLanguage } from '../../../i18n/i18n'
import { bytes } from '../../../lib/format'
import css from './import.module.css'
import { useTexts } from './texts'

/** Chosen is a file as it was when it was chosen; key tells one choice from the next, also of the same file. */
export interface Chosen {
  key: number
  file: File
}

const TYPES = '.xlsx,.csv,.txt'

/** FilePicker takes a file by a button or by dropping it. */
export function FilePicker({ chosen, onChoose }: { chosen?: Chosen; onChoose: (chosen: Chosen) => void }) {
  const t = useTexts()
  const language = useLanguage()
  const [wrong, setWrong] = useState<'large' | 'unread'>()
  const [over, setOver] = useState(false)
  const take = async (file: File | null | undefined) => {
    if (!file) return
    if (file.size > LARGEST) return setWrong('large')
    try {
      // Its bytes are kept: what is written later must be what was looked at, whatever a program saves meanwhile.
      onChoose({ key: (chosen?.key ?? 0) + 1, file: new File([await file.arrayBuffer()], file.name) })
      setWrong(undefined)
    } catch {
      setWrong('unread')
    }
  }
  return (
    <div
      className={css.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        void take(event.dataTransfer.files[0])
      }}
    >
      {chosen && (
        <strong>
          {chosen.file.name} · {bytes(chosen.file.size, language)}
        </strong>
      )}
      <FileButton key={chosen?.key} accept={TYPES} onChange={(file) => void take(file)}>
        {(props) => (
          <Button {...props} variant={chosen ? 'default' : 'filled'}>
            {t(chosen ? 'other' : 'choose')}
          </Button>
        )}
      </FileButton>
      <span className={css.quiet}>{t('drop')}</span>
      {wrong && (
        <span role="alert" className={css.wrong}>
          {t(wrong)}
        </span>
      )}
    </div>
  )
}
