import { Modal } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useCommon } from '../../ui/texts'
import { useTexts } from './texts'
import css from './visitors.module.css'

/** What browsers that read barcodes themselves offer. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>
}
declare const BarcodeDetector: new (options: { formats: string[] }) => Detector

const LOOK_MS = 200

/** Camera reads a QR code by the browser's own means. */
export default function Camera({ onCode, onClose }: { onCode: (text: string) => void; onClose: () => void }) {
  const t = useTexts()
  const common = useCommon()
  const video = useRef<HTMLVideoElement>(null)
  const [failed, setFailed] = useState(false)
  const latest = useRef(onCode)
  useEffect(() => {
    latest.current = onCode
  })
  useEffect(() => {
    let stream: MediaStream | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    const look = async (detector: Detector) => {
      const [found] = video.current ? await detector.detect(video.current).catch(() => []) : []
      if (over) return
      if (found) latest.current(found.rawValue)
      else timer = setTimeout(() => void look(detector), LOOK_MS)
    }
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      if (over || !video.current) return stream.getTracks().forEach((track) => track.stop())
      video.current.srcObject = stream
      await video.current.play()
      void look(new BarcodeDetector({ formats: ['qr_code'] }))
    }
    begin().catch(() => over || setFailed(true))
    return () => {
      over = true
      clearTimeout(timer)
      stream?.getTracks().forEach((track) => track.stop())
    }
  }, [])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('camera.title')}
      closeButtonProps={{ 'aria-label': common('close') }}
    >
      {failed ? (
        <p role="alert">{t('camera.failed')}</p>
      ) : (
        <video ref={video} className={css.video} muted playsInline />
      )}
    </Modal>
  )
}
