import { Button, FileButton } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answer, api, authorized } from '../../api/client'
import { errorOf } from '../../api/errors'
import { useUser } from '../../api/queries'
import type { Employee } from '../../api/types'
import { ErrorNote } from '../../ui/ErrorNote'
import { Card } from '../../ui/Page'
import { PersonAvatar } from '../../ui/PersonAvatar'
import ui from '../../ui/ui.module.css'
import css from './people.module.css'
import { useTexts } from './texts'

const TYPES = 'image/jpeg,image/png,image/webp'

/** PersonPhoto is the photo in large, to be changed by who may. */
export function PersonPhoto({ employee }: { employee: Employee }) {
  const t = useTexts()
  const mayEdit = ['ADMIN', 'HR'].includes(useUser().role)
  const { set, remove } = useChanges(employee.id)
  const error = set.error ?? remove.error
  return (
    <Card title={t('photo')}>
      <div className={ui.form}>
        <PersonAvatar person={employee} size={160} />
        {mayEdit && (
          <div className={css.photoButtons}>
            <FileButton accept={TYPES} onChange={(file) => file && set.mutate(file)}>
              {(props) => (
                <Button {...props} size="xs" variant="default" loading={set.isPending}>
                  {t(employee.photoVersion ? 'photo.change' : 'photo.add')}
                </Button>
              )}
            </FileButton>
            {employee.photoVersion && (
              <Button
                size="xs"
                variant="subtle"
                color="red"
                loading={remove.isPending}
                onClick={() => remove.mutate()}
              >
                {t('photo.remove')}
              </Button>
            )}
          </div>
        )}
        {mayEdit && <p className={ui.quiet}>{t('photo.hint')}</p>}
        {error && <ErrorNote error={error} />}
      </div>
    </Card>
  )
}

async function upload(id: number, file: File): Promise<void> {
  const url = new URL(`/api/v2/employees/${id}/photo`, location.origin)
  const headers = { 'Content-Type': file.type }
  const response = await authorized(new Request(url, { method: 'PUT', headers, body: file }))
  if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined))
}

function useChanges(id: number) {
  const queries = useQueryClient()
  const onSuccess = async () => {
    for (const key of ['employees', 'history']) void queries.invalidateQueries({ queryKey: [key] })
    await queries.invalidateQueries({ queryKey: ['employee', id] })
  }
  const set = useMutation({ mutationFn: (file: File) => upload(id, file), onSuccess })
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE('/api/v2/employees/{id}/photo', { params: { path: { id } } })),
    onSuccess,
  })
  return { set, remove }
}
