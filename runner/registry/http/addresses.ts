import { BlockList, isIP, isIPv4 } from 'node:net'

/**
 * How close to this machine an address is: the whole Internet, a private network, this machine itself, or
 * the link, where clouds keep the credentials of their machines (169.254.169.254). What is no place for a
 * registry at all counts as the last.
 */
export type Nearness = 0 | 1 | 2 | 3

export const PUBLIC: Nearness = 0
export const PRIVATE: Nearness = 1
export const LOOPBACK: Nearness = 2
export const LINK: Nearness = 3

export const NEARNESS_NAMES = ['public', 'private', 'loopback', 'link-local'] as const

/** RFC 6890 and the registries that it began; the nearest first. */
const NETWORKS: readonly (readonly [Nearness, BlockList])[] = [
  [LINK, networks(['169.254.0.0/16', '224.0.0.0/3', 'fe80::/10', 'ff00::/8'])],
  [LOOPBACK, networks(['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'])],
  [
    PRIVATE,
    networks([
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15'],
      ...['192.0.0.0/24', 'fc00::/7', 'fec0::/10'],
    ]),
  ],
]

/** @param address an IP address without brackets */
export function nearnessOf(address: string): Nearness {
  const plain = unmapped(address.replace(/%.*$/, ''))
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6'
  return NETWORKS.find(([, list]) => list.check(plain, family))?.[0] ?? PUBLIC
}

/** The address that a URL's host is, or null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? null : bare
}

/** IPv4 addresses inside IPv6 ones: mapped (::ffff:0:0/96) and translated (64:ff9b::/96). */
function unmapped(address: string): string {
  if (!address.includes(':')) return address
  const hex = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(hex)
  if (!match) return address
  const [high, low] = [match[1] ?? '', match[2] ?? ''].map((part) => parseInt(part, 16))
  return [high ?? 0, low ?? 0].flatMap((part) => [part >> 8, part & 255]).join('.')
}

function networks(list: readonly string[]): BlockList {
  const blocks = new BlockList()
  for (const one of list) {
    const [address = '', prefix] = one.split('/')
    blocks.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return blocks
}
