import { readFile } from 'node:fs/promises'
import { resolverAddresses } from './firewall.js'
import type { HostNetwork } from './host-network.js'
import type { NetworkPlan } from './types.js'

/** What the steps of a stage have in /etc/resolv.conf. */
export interface Resolvers {
  /** Addresses in the stage's network, which the uplink takes to the host's name servers. */
  readonly addresses: readonly string[]
  readonly search: readonly string[]
  /** IPv4 name server that can be reached over TCP too; null where it is on the host itself. */
  readonly overTcp: string | null
}

/**
 * The uplink asks the first name server of each IP version that /etc/resolv.conf has (resolv.conf(5)), or
 * that `dns` has.
 */
export async function readResolvers(
  plan: NetworkPlan,
  dns: readonly string[],
  host: Pick<HostNetwork, 'own'>,
  file = '/etc/resolv.conf',
): Promise<Resolvers> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const servers = dns.length > 0 ? dns : valuesOf(text, 'nameserver').map((line) => line[0] ?? '')
  const inside = resolverAddresses(plan)
  const addresses = servers.map((server) => (server.includes(':') ? inside.v6 : inside.v4))
  const first4 = servers.find((server) => !server.includes(':')) ?? null
  const isOwn =
    first4 !== null && (first4.startsWith('127.') || host.own.v4.includes(`${first4}/32`))
  return {
    addresses: [...new Set(addresses)],
    search: dns.length > 0 ? [] : (valuesOf(text, 'search').at(-1) ?? []),
    overTcp: isOwn ? null : first4,
  }
}

function valuesOf(text: string, key: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([word]) => word === key)
    .map((words) => words.slice(1))
}
