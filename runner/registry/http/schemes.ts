import type { Endpoint } from '../endpoints.js'
import { RegistryError } from '../errors.js'
import { exchange } from './exchange.js'
import { codeOf, deepest, isPlainAnswer } from './failures.js'
import { ProxyFailure } from './proxy-failure.js'
import { Remembered } from './remembered.js'
import type { Sender } from './send.js'
import type { Timing } from './timing.js'

const REMEMBERED_MS = 5 * 60_000

/** Finds out which insecure registries speak plain HTTP. TLS is tried first, whatever its certificate. */
export class Schemes {
  readonly #sender: Sender
  readonly #timing: Timing
  readonly #known = new Remembered<{ readonly scheme: 'https' | 'http'; readonly until: number }>()

  constructor(sender: Sender, timing: Timing) {
    this.#sender = sender
    this.#timing = timing
  }

  /** e.g. `https://registry.example:5000` @throws RegistryError */
  async originOf(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<string> {
    const { host, label } = endpoint
    if (!URL.canParse(`https://${host}`)) {
      throw new RegistryError(
        'SP_REGISTRY_UNREACHABLE',
        `can't reach ${label}: ${host} is no HOST or HOST:PORT`,
        {
          hint: 'Ports go to 65535.',
        },
      )
    }
    return new URL(`${endpoint.scheme ?? (await this.#scheme(endpoint, signal))}://${host}`).origin
  }

  async #scheme(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<'https' | 'http'> {
    const now = this.#timing.now()
    const known = this.#known.get(endpoint.host)
    if (known && known.until > now) return known.scheme
    const found = await this.#probe(endpoint, signal)
    if (found.isSure) {
      this.#known.set(endpoint.host, { scheme: found.scheme, until: now + REMEMBERED_MS })
    }
    return found.scheme
  }

  async #probe(
    endpoint: Endpoint,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly scheme: 'https' | 'http'; readonly isSure: boolean }> {
    const url = new URL(`https://${endpoint.host}/v2/`)
    const withinMs = this.#sender.timeouts.connectMs
    try {
      const message = { method: 'GET', url, headers: {}, withinMs, signal } as const
      const answer = await exchange(this.#sender, endpoint.peer, endpoint.label, message)
      await answer.discard()
      return { scheme: 'https', isSure: true }
    } catch (error) {
      signal?.throwIfAborted()
      const fault = deepest(error)
      return { scheme: 'http', isSure: isRefused(fault) || isPlainAnswer(codeOf(fault), fault) }
    }
  }
}

/** By a proxy that makes tunnels to some ports only. */
function isRefused(fault: unknown): boolean {
  return fault instanceof ProxyFailure && fault.status !== null && fault.status < 407
}
