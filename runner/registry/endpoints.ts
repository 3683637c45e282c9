import { SandpiperError } from '../../protocol/errors.js'
import { LINK, LOOPBACK } from './http/addresses.js'
import type { Peer } from './http/connections.js'
import { Remembered } from './http/remembered.js'
import type { Timing } from './http/timing.js'
import { MIRROR_PAUSE_MS } from './limits.js'
import type { RegistriesConfig } from './types.js'

/** A server that has a registry's images: the registry itself or a mirror. */
export interface Endpoint {
  /** How people call it: `registry docker.io`, `mirror https://mirror.example`. */
  readonly label: string
  /** `host[:port]` that credentials are looked up for, as in an image name. */
  readonly registry: string
  /** `host[:port]` to connect to. */
  readonly host: string
  /** Scheme where it is known; null for an insecure registry, which is asked first. */
  readonly scheme: 'https' | 'http' | null
  /** Put before the repository; empty or ending with a slash. */
  readonly prefix: string
  readonly isMirror: boolean
  readonly peer: Peer
}

/** Registries whose API is at another host than their name says. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' }

/** Knows where the images of each registry are to be had. */
export class Endpoints {
  readonly #mirrors: ReadonlyMap<string, readonly Endpoint[]>
  readonly #insecure: ReadonlySet<string>
  readonly #timing: Timing
  readonly #paused = new Remembered<number>()

  /** @throws SandpiperError SP_REGISTRY_SETTING */
  constructor(config: Pick<RegistriesConfig, 'mirrors' | 'insecure'>, timing: Timing) {
    this.#timing = timing
    this.#insecure = new Set((config.insecure ?? []).map(insecureHost))
    this.#mirrors = new Map(
      Object.entries(config.mirrors ?? {}).map(([registry, urls]) => [
        registry.toLowerCase(),
        urls.map((url) => this.#mirror(url)),
      ]),
    )
  }

  /** The registry itself. */
  of(registry: string): Endpoint {
    const host = API_HOSTS[registry] ?? registry
    const isInsecure = this.isInsecure(registry) || this.isInsecure(host)
    return {
      ...{ label: `registry ${registry}`, registry, host, prefix: '', isMirror: false },
      scheme: isInsecure ? null : 'https',
      // Names come from pipelines: none of them reaches the addresses where clouds keep their secrets.
      peer: { isInsecure, nearest: isInsecure ? LINK : LOOPBACK },
    }
  }

  /** Mirrors that have not failed just now, in order, and the registry itself at last. */
  allOf(registry: string): readonly Endpoint[] {
    const now = this.#timing.now()
    const mirrors = this.#mirrors.get(registry.toLowerCase()) ?? []
    const working = mirrors.filter(({ label }) => (this.#paused.get(label) ?? 0) <= now)
    return [...working, this.of(registry)]
  }

  /** Leaves out a mirror for a while. */
  pause(endpoint: Endpoint): void {
    if (endpoint.isMirror) this.#paused.set(endpoint.label, this.#timing.now() + MIRROR_PAUSE_MS)
  }

  /** Whether the operator has named that `host[:port]` as insecure. */
  isInsecure(host: string): boolean {
    return this.#insecure.has(host.toLowerCase())
  }

  /** A path in a mirror's URL comes before the repository, as proxies of many registries want it. */
  #mirror(text: string): Endpoint {
    const url = mirrorUrl(text)
    const isInsecure = this.isInsecure(url.host)
    const path = url.pathname.replace(/^\/+|\/+$/g, '')
    return {
      label: `mirror ${url.origin}${path === '' ? '' : `/${path}`}`,
      registry: url.host,
      host: url.host,
      prefix: path === '' ? '' : `${path}/`,
      isMirror: true,
      scheme: url.protocol === 'http:' ? 'http' : 'https',
      peer: { isInsecure, nearest: LINK },
    }
  }
}

function insecureHost(text: string): string {
  const match = /^(?:https?:\/\/)?([^/\s@]+)\/?$/.exec(text.trim())
  const host = match?.[1]?.toLowerCase() ?? ''
  if (!URL.canParse(`http://${host}/`)) {
    throw setting(`the insecure registry ${JSON.stringify(text)} is no HOST or HOST:PORT`)
  }
  return host
}

function mirrorUrl(text: string): URL {
  if (!URL.canParse(text)) throw setting(`the mirror ${JSON.stringify(text)} is no URL`)
  const url = new URL(text)
  const isBare = url.username + url.password + url.search + url.hash === ''
  if (!/^https?:$/.test(url.protocol) || !isBare) {
    throw setting(
      `the mirror ${url.host} must be https://HOST[:PORT][/PATH], without anything more`,
    )
  }
  return url
}

function setting(message: string): SandpiperError {
  return new SandpiperError('SP_REGISTRY_SETTING', message, {
    hint: 'Credentials of a mirror go into config.json, under its host.',
  })
}
