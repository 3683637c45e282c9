import { quote } from '../diagnostics/quote.js'
import { parseDestination } from '../egress/destination.js'
import { list, oneOrMany } from './collections.js'
import { byKind, mapped, withoutEffect } from './combinators.js'
import { type Keys, object } from './object.js'
import { choice, integer, LINE, text, wrong } from './scalars.js'
import type { Shape } from './shape.js'
import { word } from './words.js'

const ENTRIES_MAX = 1000

/** IPv4 or IPv6; what reads it checks the rest. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/

const HOST = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/

/** Name servers. */
export const ADDRESSES = oneOrMany(
  text({ pattern: ADDRESS.source, rule: 'be an IP address', lengthMax: 64 }),
)

/** Domains that are tried for short names. */
export const DOMAINS = oneOrMany(
  text({ pattern: '^[A-Za-z0-9._-]+$', rule: 'be the name of a domain', lengthMax: 255 }),
)

/** `name:address` as it goes to /etc/hosts. */
export const EXTRA_HOSTS = list(
  mapped(text({ ...LINE, lengthMax: 512 }), ({ value }, node, context) => {
    const at = value.indexOf(':')
    const host = value.slice(0, at)
    const address = value.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
    if (at > 0 && HOST.test(host) && ADDRESS.test(address)) return { host, address }
    return wrong(node, context, `${quote(value)} must be \`name:address\`, with an IP address`)
  }),
  ENTRIES_MAX,
)

/** A port that a service says it listens on. */
export interface DecodedPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

const PORT = integer(1, 65535)

const PORT_KEYS = {
  port: { shape: PORT, description: 'The port inside.' },
  container: { shape: PORT, description: 'Another name of `port`.' },
  host: {
    shape: withoutEffect(PORT, "no port of the runner's host is opened"),
    description: "No effect: no port of the runner's host is opened.",
  },
  protocol: {
    shape: word<'tcp' | 'udp'>({
      words: { tcp: 'tcp', udp: 'udp' },
      synonyms: { TCP: 'tcp', UDP: 'udp' },
    }),
    default: 'tcp',
    description: '`tcp` or `udp`.',
  },
} satisfies Keys

const PORT_TEXT = /^(?:(\d{1,5}):)?(\d{1,5})(?:\/(tcp|udp))?$/i

const PORT_SCALAR: Shape<DecodedPort> = mapped(
  text({
    pattern: PORT_TEXT.source.replace('tcp|udp', '[tT][cC][pP]|[uU][dD][pP]'),
    rule: 'be a port, such as `6379`',
  }),
  ({ value }, node, context, where) => {
    const [, host, port, protocol] = PORT_TEXT.exec(value) ?? []
    if (Number(port) < 1 || Number(port) > 65535) {
      return wrong(node, context, `${where} must be between 1 and 65535`)
    }
    if (host !== undefined) {
      const message = `the port ${host} has no effect: no port of the runner's host is opened`
      context.reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message, `write \`${port}\``)
    }
    return { port: Number(port), protocol: protocol?.toLowerCase() === 'udp' ? 'udp' : 'tcp' }
  },
)

/** Ports of a service: numbers, `port/protocol`, or mappings. */
export const PORTS = list(
  byKind<DecodedPort>(
    {
      scalar: PORT_SCALAR,
      map: mapped(object(PORT_KEYS), ({ port, container, protocol }) => {
        const inside = port ?? container
        return (inside && { port: inside.value, protocol: protocol?.value ?? 'tcp' }) ?? null
      }),
    },
    'a port or a mapping',
  ),
  ENTRIES_MAX,
)

/** What a step says about its network: a word, or a list of all that it may reach outside. */
export type DecodedNetwork =
  | { readonly kind: 'default' | 'none' }
  | { readonly kind: 'allow'; readonly allow: readonly string[] }

const DESTINATION = mapped(text({ ...LINE, lengthMax: 512 }), ({ value }, node, context) => {
  const parsed = parseDestination(value)
  if (typeof parsed !== 'string') return value
  const hint = 'write `host`, `host:port`, an address, or a network such as `10.0.0.0/8`'
  return wrong(node, context, `${quote(value)} ${parsed}`, hint)
})

const NETWORK_KEYS = {
  allow: {
    shape: list(DESTINATION, ENTRIES_MAX),
    origin: 'sandpiper',
    description:
      'All that the step may reach outside: addresses, networks and hosts, each with `:port` or for ' +
      'any port. Names can be asked for while there is an entry.',
    example: 'network:\n  allow:\n    - registry.example.com:443\n    - 10.20.0.0/16',
  },
} satisfies Keys

/** The network of a step. */
export const NETWORK: Shape<DecodedNetwork> = byKind<DecodedNetwork>(
  {
    scalar: mapped(choice(['default', 'none']), ({ value }) => ({ kind: value })),
    map: mapped(object(NETWORK_KEYS), ({ allow }) =>
      allow === undefined ? { kind: 'default' } : { kind: 'allow', allow: allow.items },
    ),
  },
  '`none`, `default` or a mapping with `allow`',
)
