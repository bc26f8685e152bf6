import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTexts } from './texts'

/** Remove deletes at the second press. */
export function Remove({ pending, onRemove }: { pending: boolean; onRemove: () => void }) {
  const t = useTexts()
  const [sure, setSure] = useState(false)
  return (
    <Button
      variant={sure ? 'filled' : 'subtle'}
      color="red"
      loading={pending}
      onClick={() => (sure ? onRemove() : setSure(true))}
    >
      {t(sure ? 'delete.sure' : 'delete')}
    </Button>
  )
}
