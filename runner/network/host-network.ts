import { readFile } from 'node:fs/promises'
import type { Families, Networks } from './types.js'

/** RTF_LOCAL and RTF_ANYCAST (include/uapi/linux/ipv6_route.h): delivered to the host itself. */
const LOCAL6 = 0x8000_0000
const ANYCAST6 = 0x0010_0000
/** RTF_UP | RTF_GATEWAY is not wanted: a default route need not have a gateway. */
const UP = 0x1

/** The host's network as the runner's process sees it. */
export interface HostNetwork {
  /** Everything that the host delivers to itself: addresses of all interfaces, up or down, and more. */
  readonly own: Networks
  /** IP versions for which there is a default route. */
  readonly outside: Families
  /** IPv4 networks that it has routes to, without the default one. */
  readonly routes4: readonly string[]
}

/** Reads it from /proc/net (proc_pid_net(5)). What can't be read is taken as empty. */
export async function readHostNetwork(directory = '/proc/net'): Promise<HostNetwork> {
  const read = (name: string): Promise<string> =>
    readFile(`${directory}/${name}`, 'latin1').catch(() => '')
  const [trie, route4, route6] = await Promise.all(['fib_trie', 'route', 'ipv6_route'].map(read))
  const routes4 = parseRoutes4(route4 ?? '')
  const routes6 = parseRoutes6(route6 ?? '')
  return {
    own: {
      v4: parseLocal4(trie ?? ''),
      v6: routes6.filter(({ isOwn }) => isOwn).map(({ network }) => network),
    },
    outside: {
      v4: routes4.includes('0.0.0.0/0'),
      v6: routes6.some(
        ({ network, isOwn, hasDevice }) => !isOwn && hasDevice && network === '::/0',
      ),
    },
    routes4: routes4.filter((network) => network !== '0.0.0.0/0'),
  }
}

/** Networks of /proc/net/fib_trie that are local; an address stands in the line before what it is. */
export function parseLocal4(text: string): string[] {
  const found = new Set<string>()
  let address = ''
  for (const line of text.split('\n')) {
    address = /\|-- ([\d.]+)/.exec(line)?.[1] ?? address
    const prefix = /\/(\d+) host LOCAL/.exec(line)?.[1]
    if (prefix !== undefined) found.add(`${address}/${prefix}`)
  }
  return [...found]
}

/** Networks of /proc/net/route that are up. Numbers are in the order of the host's bytes. */
export function parseRoutes4(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, destination = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/)
    if (!/^[0-9A-F]{8}$/.test(destination) || (parseInt(flags, 16) & UP) === 0) return []
    const bytes = Buffer.from(destination, 'hex').reverse()
    const bits = parseInt(mask, 16).toString(2).replaceAll('0', '').length
    return [`${[...bytes].join('.')}/${bits}`]
  })
}

interface Route6 {
  readonly network: string
  readonly isOwn: boolean
  /** Not the null route that the kernel has where there is none. */
  readonly hasDevice: boolean
}

function parseRoutes6(text: string): Route6[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [destination = '', prefix = '', , , , , , , flags = '', device = ''] = fields
    if (!/^[0-9a-f]{32}$/.test(destination)) return []
    const bits = parseInt(flags, 16)
    const isOwn = (bits & LOCAL6) !== 0 || (bits & ANYCAST6) !== 0
    const network = `${shortAddress(destination)}/${parseInt(prefix, 16)}`
    // RTF_REJECT
    return [{ network, isOwn, hasDevice: device !== 'lo' && (bits & 0x200) === 0 }]
  })
}

function shortAddress(hex: string): string {
  if (/^0+$/.test(hex)) return '::'
  return (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':')
}

/** Whether two IPv4 networks have an address in common. */
export function overlap4(one: string, other: string): boolean {
  const [a, b] = [one, other].map(rangeOf)
  return a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last
}

function rangeOf(network: string): { readonly first: number; readonly last: number } {
  const [address = '', prefix = '32'] = network.split('/')
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const size = 2 ** (32 - Number(prefix))
  const first = Math.floor(number / size) * size
  return { first, last: first + size - 1 }
}
