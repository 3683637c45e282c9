import { ALL6, UPLINK6 } from './plan-network.js'
import type { Member, NetworkPlan, Networks } from './types.js'

/** Interface to the outside in the stage's namespace, and the bridge there. */
export const UPLINK = 'up0'
export const BRIDGE = 'br0'
/** The one interface of a member's own namespace. */
export const MEMBER = 'eth0'
/**
 * Interfaces whose bytes count as a step's, whichever namespace it is in. In the stage's that is what goes
 * outside: all but loopback would count what a member sends there three times, by its link, bridge and
 * uplink. In a namespace of a step's own it is all that the step sends and receives.
 */
export const COUNTED_INTERFACES: readonly string[] = [UPLINK, MEMBER]

/** Nothing that is outside: loopback, link-local and multicast addresses, and those of no network. */
const NOWHERE4 = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']
/**
 * The last two are IPv4 addresses in IPv6 ones (RFC 4291, 2.5.5.2), and link-local ones by a translator
 * (RFC 6052).
 */
const NOWHERE6 = [
  ...['::/127', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
  ...['::ffff:0:0/96', '64:ff9b::a9fe:0/112'],
]
/** Where clouds serve a machine's own credentials besides 169.254.169.254: Alibaba, Azure, Oracle. */
const METADATA4 = ['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32']
/** The same: Amazon, Google. */
const METADATA6 = ['fd00:ec2::254/128', 'fd20:ce::254/128']

/** What a list of destinations comes to: networks for any port, and some for one. */
export interface AllowedNetworks {
  readonly any: Networks
  readonly ports: readonly {
    readonly network: string
    readonly family: 4 | 6
    readonly port: number
  }[]
}

/** One of the lists that a packet to the outside has to pass; names its sets and its chain. */
export interface AllowList {
  readonly name: string
  readonly allowed: AllowedNetworks
}

export interface FirewallPlan {
  readonly network: NetworkPlan
  /** Addresses of the host. */
  readonly host: Networks
  /** What everything in the stage has to pass. */
  readonly lists: readonly AllowList[]
  /** What each member has to pass as well, by its network's name. */
  readonly memberLists: ReadonlyMap<string, AllowList>
  /** IPv4 name server to which requests over TCP go; over UDP it is the uplink's work. */
  readonly resolver4: string | null
}

/** Where name servers are asked for in a stage: the uplink takes it to the host's. */
export function resolverAddresses({ subnets }: Pick<NetworkPlan, 'subnets'>): {
  readonly v4: string
  readonly v6: string
} {
  return { v4: `${subnets.uplink4}.53`, v6: `${UPLINK6}53` }
}

/**
 * Rules (nft(8)) for the namespace of a stage. Everything that goes out passes the chain `outside`: what
 * the stage's steps send in `output`, what comes from the bridge in `forward`. Members are told by the
 * hardware addresses of their links, which they can't change, as IP addresses could be borrowed.
 */
export function firewallRules(plan: FirewallPlan): string {
  const { lists, memberLists, host } = plan
  const all = [...lists, ...memberLists.values()]
  return [
    'table inet sandpiper {',
    ...hostSets(host),
    ...all.flatMap(listSets),
    ...all.flatMap(listChain),
    ...outsideChain(plan),
    ...hooks(plan),
    '}',
    '',
  ].join('\n')
}

/** Commands that bring the host's addresses up to date. */
export function hostRules(host: Networks): string {
  return refill('host4', host.v4.filter(isUsable)) + refill('host6', host.v6.filter(isUsable))
}

/** Commands that bring a list up to date. */
export function listRules({ name, allowed }: AllowList): string {
  return listElements(allowed)
    .map(({ set, elements }) => refill(`${name}_${set}`, elements))
    .join('')
}

function refill(set: string, elements: readonly string[]): string {
  const flush = `flush set inet sandpiper ${set}\n`
  if (elements.length === 0) return flush
  return `${flush}add element inet sandpiper ${set} { ${elements.join(', ')} }\n`
}

function hostSets({ v4, v6 }: Networks): string[] {
  return [
    ...setOf('host4', 'ipv4_addr', v4.filter(isUsable)),
    ...setOf('host6', 'ipv6_addr', v6.filter(isUsable)),
  ]
}

/** A host that takes every address for its own could be reached by none. */
function isUsable(network: string): boolean {
  return !network.endsWith('/0')
}

function setOf(name: string, type: string, elements: readonly string[]): string[] {
  return [
    `set ${name} {`,
    `type ${type}`,
    'flags interval',
    'auto-merge',
    ...(elements.length === 0 ? [] : [`elements = { ${elements.join(', ')} }`]),
    '}',
  ]
}

function listElements({ any, ports }: AllowedNetworks): { set: string; elements: string[] }[] {
  const withPort = (family: 4 | 6): string[] => [
    ...new Set(
      ports
        .filter((one) => one.family === family)
        .map(({ network, port }) => `${network} . ${port}`),
    ),
  ]
  return [
    { set: 'any4', elements: [...new Set(any.v4)] },
    { set: 'any6', elements: [...new Set(any.v6)] },
    { set: 'port4', elements: withPort(4) },
    { set: 'port6', elements: withPort(6) },
  ]
}

const SET_TYPES: Readonly<Record<string, string>> = {
  any4: 'ipv4_addr',
  any6: 'ipv6_addr',
  port4: 'ipv4_addr . inet_service',
  port6: 'ipv6_addr . inet_service',
}

function listSets({ name, allowed }: AllowList): string[] {
  return listElements(allowed).flatMap(({ set, elements }) =>
    setOf(`${name}_${set}`, SET_TYPES[set] ?? '', elements),
  )
}

/** Returns for what is allowed, and refuses all else. */
function listChain({ name }: AllowList): string[] {
  return [
    `chain ${name} {`,
    `ip daddr @${name}_any4 return`,
    `ip6 daddr @${name}_any6 return`,
    `meta l4proto { tcp, udp } ip daddr . th dport @${name}_port4 return`,
    `meta l4proto { tcp, udp } ip6 daddr . th dport @${name}_port6 return`,
    REJECT,
    '}',
  ]
}

/** Programs see "no route to host" at once, and not a connection that never comes about. */
const REJECT = 'reject with icmpx admin-prohibited'

function outsideChain({ network, lists, memberLists, resolver4 }: FirewallPlan): string[] {
  const { v4, v6 } = resolverAddresses(network)
  const nowhere4 = [...NOWHERE4, ...METADATA4, network.subnets.all4].join(', ')
  const nowhere6 = [...NOWHERE6, ...METADATA6, ALL6].join(', ')
  return [
    'chain outside {',
    // Steps can't make these themselves.
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
    ...silentMembers(network.members).map((mac) => `ether saddr ${mac} ${REJECT}`),
    `ip daddr ${v4} udp dport 53 accept`,
    `ip6 daddr ${v6} udp dport 53 accept`,
    ...(resolver4 === null
      ? []
      : [`ip daddr ${resolver4} tcp dport 53 ct original ip daddr ${v4} accept`]),
    `ip daddr { ${nowhere4} } ${REJECT}`,
    `ip6 daddr { ${nowhere6} } ${REJECT}`,
    `ip daddr @host4 ${REJECT}`,
    `ip6 daddr @host6 ${REJECT}`,
    ...lists.map(({ name }) => `jump ${name}`),
    ...network.members.flatMap(({ network: name, mac }) => {
      const list = memberLists.get(name)
      return list === undefined ? [] : [`ether saddr ${mac} jump ${list.name}`]
    }),
    'accept',
    '}',
  ]
}

/** Members with an empty list, who have no use for names either. */
function silentMembers(members: readonly Member[]): string[] {
  return members.filter(({ allow }) => allow?.length === 0).map(({ mac }) => mac)
}

function hooks({ network, resolver4 }: FirewallPlan): string[] {
  const resolver = resolverAddresses(network).v4
  const toResolver = `ip daddr ${resolver} tcp dport 53 dnat ip to ${resolver4 ?? ''}`
  return [
    'chain output {',
    'type filter hook output priority filter; policy accept',
    `oifname "${UPLINK}" jump outside`,
    '}',
    'chain forward {',
    'type filter hook forward priority filter; policy drop',
    // Where the host filters bridges too.
    `iifname "${BRIDGE}" oifname "${BRIDGE}" accept`,
    `iifname "${BRIDGE}" oifname "${UPLINK}" jump outside`,
    `iifname "${UPLINK}" oifname "${BRIDGE}" ct state established,related accept`,
    '}',
    'chain input {',
    'type filter hook input priority filter; policy accept',
    `iifname "${UPLINK}" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
    `iifname "${UPLINK}" ct state established,related accept`,
    `iifname "${UPLINK}" drop`,
    '}',
    'chain source {',
    'type nat hook postrouting priority srcnat; policy accept',
    `oifname "${UPLINK}" masquerade`,
    '}',
    ...(resolver4 === null
      ? []
      : [
          ...['chain resolver_output {', 'type nat hook output priority -100', toResolver, '}'],
          ...['chain resolver_bridge {', 'type nat hook prerouting priority -100', toResolver, '}'],
        ]),
  ]
}
