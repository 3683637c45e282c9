import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import tls from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import { SandpiperError, messageOf } from '../../../protocol/errors.js'
import { HEADER_BYTES_MAX } from '../limits.js'
import { literalAddress, nearnessOf, type Nearness } from './addresses.js'
import { Remembered } from './remembered.js'

/** Which server is meant, and how far it is trusted. */
export interface Peer {
  /** Certificates need not verify. */
  readonly isInsecure: boolean
  /** The nearest address that may be connected to. */
  readonly nearest: Nearness
}

/** An address that may not be connected to, from the look-up of its name. */
export class RefusedAddress extends Error {
  readonly address: string
  readonly nearness: Nearness

  constructor(address: string, nearness: Nearness) {
    super(`${address} may not be connected to`)
    this.address = address
    this.nearness = nearness
  }
}

export interface ConnectionsOptions {
  readonly caFile?: string | undefined
  readonly connectMs: number
}

/**
 * Connections that are kept alive, in one pool for each host and degree of trust. Addresses are checked where
 * the name is looked up for the connection itself, so that a name can't mean another one at the check.
 */
export class Connections {
  readonly #connectMs: number
  readonly #strict: tls.SecureContext | undefined
  readonly #agents = new Map<string, Agent>()
  readonly #farthest = new Remembered<Nearness>()

  /** @throws SandpiperError SP_REGISTRY_SETTING when the file of certificates can't be used */
  constructor({ caFile, connectMs }: ConnectionsOptions) {
    this.#connectMs = connectMs
    this.#strict = caFile === undefined ? undefined : trustBesides(caFile)
  }

  /** @throws RefusedAddress for a URL with such an address in it */
  dispatcher(url: URL, { isInsecure, nearest }: Peer): Dispatcher {
    const address = literalAddress(url.hostname)
    if (address !== null) {
      const nearness = nearnessOf(address)
      this.#note(url.hostname, nearness)
      if (nearness > nearest) throw new RefusedAddress(address, nearness)
    }
    const key = `${String(isInsecure)} ${String(nearest)}`
    const agent = this.#agents.get(key) ?? this.#newAgent(isInsecure, nearest)
    this.#agents.set(key, agent)
    return agent
  }

  /**
   * The farthest address that the host has been at: what a server at it may name is no nearer than that.
   * Null before the first connection.
   */
  farthest(hostname: string): Nearness | null {
    return this.#farthest.get(hostname) ?? null
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()]
    this.#agents.clear()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }

  #newAgent(isInsecure: boolean, nearest: Nearness): Agent {
    return new Agent({
      connect: {
        timeout: this.#connectMs,
        lookup: this.#lookup(nearest),
        rejectUnauthorized: !isInsecure,
        ...(this.#strict && !isInsecure ? { secureContext: this.#strict } : {}),
      },
      // Time is kept by who sends: by progress, not by single packets.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: 15_000,
      keepAliveMaxTimeout: 60_000,
    })
  }

  #lookup(nearest: Nearness): LookupFunction {
    return (hostname, options, callback) => {
      dns.lookup(hostname, { ...options, all: true }, (error, found) => {
        if (error) {
          callback(error, '', 0)
          return
        }
        for (const { address } of found) this.#note(hostname, nearnessOf(address))
        const usable = found.filter(({ address }) => nearnessOf(address) <= nearest)
        const [first] = usable
        if (!first) {
          const address = found[0]?.address ?? ''
          callback(new RefusedAddress(address, nearnessOf(address)), '', 0)
        } else if (options.all) callback(null, usable)
        else callback(null, first.address, first.family)
      })
    }
  }

  #note(hostname: string, nearness: Nearness): void {
    const before = this.#farthest.get(hostname) ?? nearness
    this.#farthest.set(hostname, nearness < before ? nearness : before)
  }
}

/** The usual authorities and those of the file. */
function trustBesides(caFile: string): tls.SecureContext {
  try {
    const more = readFileSync(caFile, 'utf8')
    return tls.createSecureContext({ ca: [...tls.rootCertificates, more] })
  } catch (error) {
    throw new SandpiperError(
      'SP_REGISTRY_SETTING',
      `can't use the certificates in ${caFile}: ${messageOf(error)}`,
      { hint: 'Name a file of certificates in PEM form: -----BEGIN CERTIFICATE-----.' },
    )
  }
}
