import { parseAddress } from './address.js'

/** Somewhere outside that steps may reach: addresses, or a host by its name; any port, or one. */
export type Destination = AddressDestination | HostDestination

export interface AddressDestination {
  readonly kind: 'address'
  readonly family: 4 | 6
  /** As it was written, without a prefix length. */
  readonly address: string
  /** Leading bits that count. */
  readonly prefixLength: number
  readonly port?: number
}

export interface HostDestination {
  readonly kind: 'host'
  readonly host: string
  readonly port?: number
}

/** RFC 1123. */
const HOST =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
/** What is meant as an address, and is none. */
const ALL_NUMBERS = /^[\d.]+$/
const PORT_MAX = 65_535

/**
 * Reads `10.0.0.0/8`, `192.0.2.1:443`, `[2001:db8::1]:443`, `2001:db8::/32`, `example.com` or
 * `example.com:443`. @returns what is wrong, in words that follow the text, when it is none of these.
 */
export function parseDestination(text: string): Destination | string {
  const parts = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? splitPort(text)
  const [, place = '', portText] = parts
  const port = portText === undefined ? undefined : portOf(portText)
  if (port === null) return `has a port that is not between 1 and ${PORT_MAX}`
  const withPort = port === undefined ? {} : { port }
  const [address = '', prefix] = place.split('/', 2)
  const parsed = parseAddress(address)
  if (parsed === null) return hostOf(place, withPort)
  const { family, bits } = parsed
  const prefixLength = prefix === undefined ? bits : prefixOf(prefix, bits)
  if (prefixLength === null) return `has a prefix length that is not between 0 and ${bits}`
  return { kind: 'address', family, address, prefixLength, ...withPort }
}

/** An IPv6 address without brackets has no port. */
function splitPort(text: string): readonly (string | undefined)[] {
  const colons = text.split(':').length - 1
  if (colons !== 1) return [text, text]
  const at = text.indexOf(':')
  return [text, text.slice(0, at), text.slice(at + 1)]
}

function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= PORT_MAX ? port : null
}

function prefixOf(text: string, bits: number): number | null {
  const length = /^\d{1,3}$/.test(text) ? Number(text) : -1
  return length >= 0 && length <= bits ? length : null
}

function hostOf(host: string, withPort: { readonly port?: number }): Destination | string {
  if (host.includes('*'))
    return 'has a wildcard: names are looked up, so each has to be there in full'
  if (!HOST.test(host) || ALL_NUMBERS.test(host)) {
    return 'is neither an address, a network such as `10.0.0.0/8`, nor the name of a host'
  }
  return { kind: 'host', host: host.toLowerCase(), ...withPort }
}
