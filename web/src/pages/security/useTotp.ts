import { useQuery } from '@tanstack/react-query'
import { answer, api } from '../../api/client'

export const TOTP_KEY = ['security', 'totp']

/** useTotp says whether the user has a second step of signing in. */
export const useTotp = () =>
  useQuery({ queryKey: TOTP_KEY, queryFn: () => answer(api.GET('/api/v2/auth/me/totp')) })
