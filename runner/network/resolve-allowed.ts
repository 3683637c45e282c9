import { lookup } from 'node:dns/promises'
import { type Destination, parseDestination } from '../../pipelines/egress/destination.js'
import type { AllowedNetworks } from './firewall.js'

/** Addresses of a host by its name, of both families; empty where there are none. */
export type LookUp = (host: string) => Promise<readonly string[]>

/** As the host itself resolves names: its /etc/hosts, its name servers. */
export const lookUpAsHost: LookUp = async (host) => {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}

/**
 * The networks that a list of destinations stands for, with the addresses of its hosts now. What was known
 * of a host before is kept: programs may have its older addresses still.
 */
export class AllowedDestinations {
  readonly #destinations: readonly Destination[]
  readonly #lookUp: LookUp
  readonly #known = new Map<string, Set<string>>()

  constructor(list: readonly string[], lookUp: LookUp) {
    this.#lookUp = lookUp
    this.#destinations = list
      .map(parseDestination)
      .filter((one): one is Destination => typeof one !== 'string')
  }

  /** Whether there are names that may come to mean other addresses. */
  get hasHosts(): boolean {
    return this.#destinations.some(({ kind }) => kind === 'host')
  }

  /** Hosts of which no address is known. */
  get unknown(): readonly string[] {
    return this.#hosts().filter((host) => (this.#known.get(host)?.size ?? 0) === 0)
  }

  /** Looks all hosts up. @returns whether there is anything new */
  async refresh(): Promise<boolean> {
    const changes = await Promise.all(this.#hosts().map((host) => this.#refreshHost(host)))
    return changes.includes(true)
  }

  get networks(): AllowedNetworks {
    const all = this.#destinations.flatMap((one) => this.#networksOf(one))
    const any = (family: 4 | 6): string[] =>
      all.filter((one) => one.port === undefined && one.family === family).map((one) => one.network)
    const ports = all.flatMap(({ network, family, port }) =>
      port === undefined ? [] : [{ network, family, port }],
    )
    return { any: { v4: any(4), v6: any(6) }, ports }
  }

  #hosts(): string[] {
    const hosts = this.#destinations.flatMap((one) => (one.kind === 'host' ? [one.host] : []))
    return [...new Set(hosts)]
  }

  async #refreshHost(host: string): Promise<boolean> {
    const known = this.#known.get(host) ?? new Set()
    this.#known.set(host, known)
    const before = known.size
    for (const address of await this.#lookUp(host)) known.add(address)
    return known.size > before
  }

  #networksOf(
    one: Destination,
  ): { readonly network: string; readonly family: 4 | 6; readonly port: number | undefined }[] {
    const { port } = one
    if (one.kind === 'address') {
      return [{ network: `${one.address}/${one.prefixLength}`, family: one.family, port }]
    }
    return [...(this.#known.get(one.host) ?? [])].map((address) => {
      const family = address.includes(':') ? 6 : 4
      return { network: `${address}/${family === 6 ? 128 : 32}`, family, port }
    })
  }
}
