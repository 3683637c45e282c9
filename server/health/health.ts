import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../protocol/errors.js'
import type { HealthCheck } from '../services.js'

/** Looks at one thing. */
export interface Probe {
  readonly name: string
  /** True where the server is of no use without it; else it only works worse. */
  readonly required: boolean
  /** What is wrong and what to do, empty for nothing. A throw is wrong too. */
  readonly look: () => Promise<string>
}

/** Who asks whether the server lives does not wait long for an answer, in milliseconds. */
const WITHIN_MS = 2_000

/** What the server needs to work, and how it is. Never throws, and never takes long. */
export function checkHealth(probes: readonly Probe[]): Promise<readonly HealthCheck[]> {
  return Promise.all(probes.map(check))
}

async function check({ name, required, look }: Probe): Promise<HealthCheck> {
  const timer = new AbortController()
  const late = sleep(WITHIN_MS, `it did not answer within ${WITHIN_MS / 1000} s`, {
    signal: timer.signal,
  })
  const detail = await Promise.race([look(), late])
    .catch((error: unknown) => messageOf(error) || 'it failed')
    .finally(() => timer.abort())
  return { name, required, ok: detail === '', detail }
}
