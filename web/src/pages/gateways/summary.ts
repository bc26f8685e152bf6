import type { Gateway } from '../../api/types'

/** Summary is what the page says before its table. */
export interface Summary {
  all: number
  online: number
  offline: number
  agents: number
  gaps: number
  /** The instant up to which every gateway's data is complete; undefined if one has none. */
  completeUntil?: string
}

export const gapsOf = (gateway: Gateway): number =>
  gateway.streams.reduce((sum, stream) => sum + stream.gapsTotal, 0)

/** summarize counts gateways in service; a revoked one is history and delays nothing. */
export function summarize(gateways: Gateway[]): Summary {
  const serving = gateways.filter(({ status }) => status !== 'revoked')
  const online = serving.filter(({ status }) => status === 'online').length
  const until = serving.map(({ completeUntil }) => completeUntil)
  return {
    all: serving.length,
    online,
    offline: serving.length - online,
    agents: serving.reduce((sum, { connectedAgents }) => sum + connectedAgents, 0),
    gaps: serving.reduce((sum, gateway) => sum + gapsOf(gateway), 0),
    completeUntil: until.every((at) => at !== undefined) ? earliest(until) : undefined,
  }
}

function earliest(instants: string[]): string | undefined {
  return [...instants].sort((a, b) => Date.parse(a) - Date.parse(b))[0]
}
