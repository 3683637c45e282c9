import { formatBytes } from '../../runner/stage/format.js'
import type { ApiUsage } from '../client/api.js'

/** What a step used, in one line; empty when nobody can tell. What it used nothing of is left out. */
export function describeUsage(usage: ApiUsage | null | undefined): string {
  if (usage === null || usage === undefined) return ''
  const parts = [
    `cpu ${seconds(usage.cpu_ms)}`,
    `memory ${formatBytes(usage.memory_peak_bytes)}`,
    pair('disk', ['read', usage.io_read_bytes], ['written', usage.io_write_bytes]),
    pair('network', ['in', usage.network_rx_bytes], ['out', usage.network_tx_bytes]),
    (usage.throttled_ms ?? 0) < 1000 ? '' : `held back ${seconds(usage.throttled_ms ?? 0)}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

type Named = readonly [name: string, bytes: number | null | undefined]

function pair(what: string, ...both: readonly Named[]): string {
  const used = both.filter(([, bytes]) => (bytes ?? 0) > 0)
  const texts = used.map(([name, bytes]) => `${formatBytes(bytes ?? 0)} ${name}`)
  return texts.length === 0 ? '' : `${what} ${texts.join(' ')}`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 10) / 100}s`
}
