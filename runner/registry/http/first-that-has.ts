import { messageOf, SandpiperError } from '../../../protocol/errors.js'
import type { Endpoint } from '../endpoints.js'
import type { RequestOptions } from '../types.js'
import type { Client } from './client.js'

const PAUSES = new Set([
  'SP_IMAGE_DIGEST',
  'SP_REGISTRY_ANSWER',
  'SP_REGISTRY_FAILED',
  'SP_REGISTRY_TLS',
  'SP_REGISTRY_UNREACHABLE',
])

/**
 * Asks the mirrors of a registry in order, and the registry itself at last. A mirror that does not work is
 * left out for a while.
 * @throws what the registry's own answer makes `ask` throw
 */
export async function firstThatHas<T>(
  client: Client,
  endpoints: readonly Endpoint[],
  options: RequestOptions,
  ask: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  for (const endpoint of endpoints.slice(0, -1)) {
    try {
      return await ask(endpoint)
    } catch (error) {
      goOnWithout(client, endpoint, options, error)
    }
  }
  return ask(endpoints.at(-1) as Endpoint)
}

/** Notes that a mirror failed. @throws the error when the failure is not the mirror's */
export function goOnWithout(
  client: Client,
  mirror: Endpoint,
  { signal, onRetry }: RequestOptions,
  error: unknown,
): void {
  signal?.throwIfAborted()
  if (!(error instanceof SandpiperError)) throw error
  if (PAUSES.has(error.code)) client.endpoints.pause(mirror)
  onRetry?.(`${messageOf(error)}; going on without this mirror`)
}
