import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import tls from 'node:tls'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { SandpiperError, messageOf } from '../../../protocol/errors.js'
import { HEADER_BYTES_MAX } from '../limits.js'
import { literalAddress, nearnessOf, type Nearness } from './addresses.js'
import type { Proxy } from './proxy.js'
import { Remembered } from './remembered.js'
import { Tunnels } from './tunnel.js'

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
  /** Null for none. */
  readonly proxy?: Proxy | null
}

/** How a message comes to the server of its URL. */
export interface Route {
  readonly dispatcher: Dispatcher
  /** Whom the dispatcher is to be asked for. */
  readonly origin: string
  readonly path: string
  /** For the proxy; none go to the server. */
  readonly headers: Readonly<Record<string, string>>
  /** `tunnel`: the proxy passes bytes on; `forward`: it is the proxy that we speak HTTP with. */
  readonly kind: 'direct' | 'tunnel' | 'forward'
  /** Null where it is `direct`. */
  readonly proxy: Proxy | null
}

/** Where a message goes. */
export interface Target {
  /** How people call the server: `registry docker.io`. */
  readonly where: string
  readonly url: URL
  /** Null where there is none. */
  route: Route | null
}

/**
 * Connections that are kept alive, in one pool for each host and degree of trust. Addresses are checked where
 * the name is looked up for the connection itself, so that a name can't mean another one at the check. Behind
 * a proxy it is the proxy that looks up names: what stands in a URL as an address is checked all the same.
 */
export class Connections {
  readonly #connectMs: number
  readonly #strict: tls.SecureContext | undefined
  readonly #proxy: Proxy | null
  readonly #agents = new Map<string, Agent>()
  readonly #tunnels: Tunnels[] = []
  readonly #farthest = new Remembered<Nearness>()

  /** @throws SandpiperError SP_REGISTRY_SETTING when the file of certificates can't be used */
  constructor({ caFile, connectMs, proxy = null }: ConnectionsOptions) {
    this.#connectMs = connectMs
    this.#proxy = proxy
    this.#strict = caFile === undefined ? undefined : trustBesides(caFile)
  }

  /** @throws RefusedAddress for a URL with such an address in it */
  route(url: URL, { isInsecure, nearest }: Peer): Route {
    const address = literalAddress(url.hostname)
    if (address !== null) {
      const nearness = nearnessOf(address)
      this.#note(url.hostname, nearness)
      if (nearness > nearest) throw new RefusedAddress(address, nearness)
    }
    const path = url.pathname + url.search
    const same = { origin: url.origin, path, headers: {} }
    const proxy = this.#proxy?.serves(url) ? this.#proxy : null
    if (proxy === null) {
      const key = `direct ${String(isInsecure)} ${String(nearest)}`
      const dispatcher = this.#agent(key, () => this.#direct(isInsecure, nearest))
      return { ...same, dispatcher, kind: 'direct', proxy }
    }
    if (url.protocol === 'https:') {
      const key = `tunnel ${String(isInsecure)}`
      const dispatcher = this.#agent(key, () => this.#tunnel(isInsecure, proxy))
      return { ...same, dispatcher, kind: 'tunnel', proxy }
    }
    // Absolute form (RFC 9112, 3.2.2).
    return {
      dispatcher: this.#agent('forward', () => this.#toProxy(proxy)),
      ...{ origin: proxy.url.origin, path: url.origin + path, kind: 'forward', proxy },
      headers: { host: url.host, ...proxy.headers },
    }
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
    for (const tunnels of this.#tunnels) tunnels.close()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }

  #agent(
    key: string,
    connect: () => buildConnector.BuildOptions | buildConnector.connector,
  ): Agent {
    const known = this.#agents.get(key)
    if (known) return known
    const agent = new Agent({
      connect: connect(),
      // Time is kept by who sends: by progress, not by single packets.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: 15_000,
      keepAliveMaxTimeout: 60_000,
    })
    this.#agents.set(key, agent)
    return agent
  }

  #direct(isInsecure: boolean, nearest: Nearness): buildConnector.BuildOptions {
    return { ...this.#tls(isInsecure), lookup: this.#lookup(nearest) }
  }

  #tunnel(isInsecure: boolean, proxy: Proxy): buildConnector.connector {
    const tunnels = new Tunnels({
      proxy,
      toProxy: this.#toProxy(proxy),
      overTunnel: buildConnector(this.#tls(isInsecure)),
      connectMs: this.#connectMs,
    })
    this.#tunnels.push(tunnels)
    return tunnels.connect
  }

  /**
   * The proxy itself is the operator's, wherever it is; its certificate has to verify, and for its own name:
   * undici takes that of the Host header.
   */
  #toProxy({ url }: Proxy): buildConnector.connector {
    const connect = buildConnector(this.#tls(false))
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const port = url.port || (url.protocol === 'https:' ? '443' : '80')
    const address = { hostname, host: url.host, protocol: url.protocol, port }
    return (_, callback) => connect(address, callback)
  }

  #tls(isInsecure: boolean): buildConnector.BuildOptions {
    return {
      timeout: this.#connectMs,
      rejectUnauthorized: !isInsecure,
      ...(this.#strict && !isInsecure ? { secureContext: this.#strict } : {}),
    }
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
