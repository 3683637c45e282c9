import { BlockList, isIP, isIPv4 } from 'node:net'
import { literalAddress, LOOPBACK, nearnessOf } from './addresses.js'

/**
 * Whether a URL is asked without the proxy. Entries are read as Go's net/http does, which most tools for
 * registries use: `host` (and all below it), `.suffix` or `*.suffix` (only what is below it), addresses,
 * networks (`10.0.0.0/8`), each but a network with `:port` where only that is meant; `*` is everything. What is
 * none of these names nothing.
 *
 * This machine and its link (`localhost`, 127.0.0.1, 169.254.169.254) are never a proxy's matter: they would be
 * its own there.
 */
export function goesDirect(url: URL, noProxy: readonly string[]): boolean {
  const address = literalAddress(url.hostname)
  if (address !== null && nearnessOf(address) >= LOOPBACK) return true
  const host = (address ?? url.hostname).toLowerCase().replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const port = url.port || (url.protocol === 'http:' ? '80' : '443')
  return noProxy.some((entry) => names(entry.trim().toLowerCase(), host, port))
}

function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isIn(entry, host)
  const bare = isIP(entry) === 0 ? /^(.*?)(?::(\d{1,5}))?$/.exec(entry) : null
  const [, named = entry, onlyPort] = bare ?? []
  if (onlyPort !== undefined && onlyPort !== port) return false
  const name = (literalAddress(named) ?? named).replace(/^\*\./, '.')
  if (name === '') return false
  return name.startsWith('.') ? host.endsWith(name) : host === name || isBelow(host, name)
}

/** Addresses have nothing below them. */
function isBelow(host: string, name: string): boolean {
  return isIP(host) === 0 && host.endsWith(`.${name}`)
}

function isIn(network: string, host: string): boolean {
  const [address = '', prefix = ''] = network.split('/')
  const bits = Number(prefix)
  const isNetwork = isIP(address) !== 0 && /^\d{1,3}$/.test(prefix)
  if (!isNetwork || isIP(host) === 0 || bits > (isIPv4(address) ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(address, bits, family(address))
  return list.check(host, family(host))
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}
