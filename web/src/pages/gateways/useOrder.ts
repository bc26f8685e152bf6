import { useMutation, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '../../api/client'
import type { NewCommand } from '../../api/types'

/** useOrder has a gateway do something; how far that has come is in the list of its commands. */
export function useOrder(gatewayId: string, onOrdered?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (order: Omit<NewCommand, 'gatewayId'>) =>
      answer(api.POST('/api/v2/commands', { body: { ...order, gatewayId } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['commands', gatewayId] })
      onOrdered?.()
    },
  })
}
