import { parseAddress } from '../../pipelines/egress/address.js'
import { parseDestination } from '../../pipelines/egress/destination.js'
import type { Bounds } from '../../pipelines/resource-bounds.js'
import { ANY_HOST, isHost } from '../../git/submodule-hosts.js'

/** A parsed value, or why the text is none. The reason completes "SANDPIPER_X=text: ...". */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

/** Turns the text of a variable or flag into its value. */
export interface ValueType<T> {
  /** How the type is called in tables and messages, e.g. `duration`. */
  readonly name: string
  parse(text: string): Parsed<T>
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export const text: ValueType<string> = {
  name: 'text',
  parse: (raw) => (raw === '' ? { problem: 'must not be empty' } : { value: raw }),
}

/** A directory or file name; relative ones are resolved by who reads the setting. */
export const path: ValueType<string> = {
  name: 'path',
  parse: (raw) =>
    raw === '' || raw.includes('\0') ? { problem: 'must be a path' } : { value: raw },
}

/** Bytes: `512m`, `2g`, `1048576`; units are powers of 1024. */
export const bytes: ValueType<number> = {
  name: 'bytes',
  parse(raw) {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(raw.trim())
    const unit = BYTE_UNITS[(match?.[2] ?? '').toLowerCase()]
    const value = Math.round(Number(match?.[1]) * (unit ?? Number.NaN))
    return Number.isSafeInteger(value)
      ? { value }
      : { problem: 'must be a size such as 512m or 2g' }
  },
}

/** Bytes within bounds, which the message names. */
export function bytesWithin({ min, max }: Bounds): ValueType<number> {
  return {
    name: bytes.name,
    parse(raw) {
      const parsed = bytes.parse(raw)
      return 'value' in parsed && parsed.value >= min && parsed.value <= max
        ? parsed
        : {
            problem: `must be a size from ${sizeText(min)} to ${sizeText(max)}, such as 512m or 2g`,
          }
    },
  }
}

/** Bytes as they are written, by the largest unit that is exact: `1m`. */
function sizeText(value: number): string {
  const units = Object.entries(BYTE_UNITS).filter(([, size]) => value % size === 0)
  const [unit, size] = units.at(-1) ?? ['', 1]
  return `${value / size}${unit}`
}

/** Milliseconds, written with a unit: `60s`, `15m`, `1h`, `500ms`. A bare number would be a guess. */
export const duration: ValueType<number> = {
  name: 'duration',
  parse(raw) {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(raw.trim())
    const value = Math.round(Number(match?.[1]) * (DURATION_UNITS[match?.[2] ?? ''] ?? Number.NaN))
    return Number.isSafeInteger(value) && value > 0
      ? { value }
      : { problem: 'must be a time with its unit, such as 60s, 15m or 1h' }
  },
}

/** Longest time between two turns of what happens regularly: timers take no more than 24 days. */
const PERIOD_MS_MAX = 24 * 3_600_000

/** A duration after which something happens again and again: a day at most. */
export const period: ValueType<number> = {
  name: duration.name,
  parse(raw) {
    const parsed = duration.parse(raw)
    return 'value' in parsed && parsed.value > PERIOD_MS_MAX
      ? { problem: 'must be a time up to 24h, such as 5s' }
      : parsed
  },
}

/** Hosts with or without a port, separated by commas: `git.example.com,[::1]:8080`; or `*`. */
export const hosts: ValueType<readonly string[]> = {
  name: 'hosts',
  parse(raw) {
    const value = raw.split(',').map((host) => host.trim())
    return value.every((host) => host === ANY_HOST || isHost(host))
      ? { value }
      : { problem: 'must be hosts such as git.example.com,git.example.org:8443, or *' }
  },
}

/** Hosts with or without a port, each by name: `*` is none of them. */
export const namedHosts: ValueType<readonly string[]> = {
  name: 'hosts',
  parse(raw) {
    const value = raw.split(',').map((host) => host.trim())
    return value.every(isHost)
      ? { value }
      : { problem: 'must be hosts, each by name, such as registry.example.com,localhost:5000' }
  },
}

/** Base URLs by registry, several of one in their order: `docker.io=https://a.example,docker.io=https://b.example`. */
export const mirrors: ValueType<Readonly<Record<string, readonly string[]>>> = {
  name: 'mirrors',
  parse(raw) {
    const value: Record<string, string[]> = {}
    for (const part of raw.split(',')) {
      const match = /^\s*([^=\s]+)=(https?:\/\/\S+?)\/*\s*$/.exec(part)
      const [, registry = '', base = ''] = match ?? []
      if (!isHost(registry) || !URL.canParse(base)) {
        return {
          problem: 'must be registries with addresses: docker.io=https://mirror.example.com',
        }
      }
      value[registry] = [...(value[registry] ?? []), base]
    }
    return { value }
  },
}

/** Where steps may go: `example.com:443,10.0.0.0/8`. */
export const destinations: ValueType<readonly string[]> = {
  name: 'destinations',
  parse(raw) {
    const value = raw.split(',').map((one) => one.trim())
    for (const one of value) {
      const parsed = parseDestination(one)
      if (typeof parsed === 'string') return { problem: `${JSON.stringify(one)} ${parsed}` }
    }
    return { value }
  },
}

/** IP addresses: `192.0.2.53,2001:db8::53`. */
export const addresses: ValueType<readonly string[]> = {
  name: 'addresses',
  parse(raw) {
    const value = raw.split(',').map((one) => one.trim())
    return value.every((one) => parseAddress(one) !== null)
      ? { value }
      : { problem: 'must be IP addresses such as 192.0.2.53,2001:db8::53' }
  },
}

/** Labels by name, as text without commas: `gpu=yes,region=eu`. */
export const labels: ValueType<Readonly<Record<string, string>>> = {
  name: 'labels',
  parse(raw) {
    const pairs = raw.split(',').map((pair) => /^([^=]+)=(.*)$/.exec(pair.trim()))
    const entries = pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? ''] as const] : []))
    const isValid = entries.length === pairs.length
    const isUnique = new Set(entries.map(([key]) => key)).size === entries.length
    return isValid && isUnique
      ? { value: Object.fromEntries(entries) }
      : { problem: 'must be labels such as gpu=yes,region=eu, each name once' }
  },
}

/** A whole number within bounds. */
export function integerWithin({ min, max }: Bounds): ValueType<number> {
  return integer(min, max)
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): ValueType<number> {
  return {
    name: 'number',
    parse(raw) {
      const value = /^\d+$/.test(raw.trim()) ? Number(raw) : Number.NaN
      return value >= min && value <= max
        ? { value }
        : { problem: `must be a whole number from ${min} to ${max}` }
    },
  }
}

/** A number of CPUs, e.g. `1.5`. */
export const cpus: ValueType<number> = {
  name: 'cpus',
  parse(raw) {
    const value = /^\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw) : Number.NaN
    return value >= 0.01 && value <= 4096
      ? { value }
      : { problem: 'must be a number of CPUs such as 0.5 or 2' }
  },
}

/** One of the given words. */
export function oneOf<T extends string>(words: readonly T[]): ValueType<T> {
  return {
    name: words.join(' \\| '),
    parse(raw) {
      const word = words.find((candidate) => candidate === raw)
      return word === undefined
        ? { problem: `must be one of ${words.join(', ')}` }
        : { value: word }
    },
  }
}

/** A URL with one of the schemes. The text is kept as it was given, without a slash at its end. */
export function url(schemes: readonly string[]): ValueType<string> {
  return {
    name: 'URL',
    parse(raw) {
      const parsed = URL.canParse(raw) ? new URL(raw) : null
      const scheme = parsed?.protocol.slice(0, -1) ?? ''
      return schemes.includes(scheme)
        ? { value: raw.replace(/\/+$/, '') }
        : {
            problem: `must be a URL that starts with ${schemes.map((s) => `${s}://`).join(' or ')}`,
          }
    },
  }
}

/** An HTTP proxy: `http://proxy.example.com:3128`, with a login where it wants one. */
export const proxyUrl: ValueType<string> = {
  name: 'URL',
  parse(raw) {
    const text = raw.trim()
    const parsed = URL.canParse(text) ? new URL(text) : null
    const isBare = parsed !== null && parsed.pathname + parsed.search + parsed.hash === '/'
    return isBare && /^https?:$/.test(parsed.protocol)
      ? { value: text }
      : { problem: 'must be http://[USER:PASSWORD@]HOST[:PORT], or the same with https' }
  },
}

const NO_PROXY =
  /^(?:\*|(?:\*?\.)?[a-z0-9][a-z0-9._-]*(?::\d{1,5})?|[0-9a-f.:]+(?:\/\d{1,3})?|\[[0-9a-f.:]+\](?::\d{1,5})?)$/i

/** What is reached without a proxy: `registry.example.com,.corp.example,10.0.0.0/8`; or `*`. */
export const noProxy: ValueType<readonly string[]> = {
  name: 'hosts',
  parse(raw) {
    const value = raw.split(',').map((one) => one.trim())
    return value.every((one) => NO_PROXY.test(one))
      ? { value }
      : { problem: 'must be hosts such as registry.example.com,.corp.example,10.0.0.0/8, or *' }
  },
}

/** `redis://`, `rediss://`, or the absolute path of a unix socket. */
export const redisAddress: ValueType<string> = {
  name: 'URL or socket path',
  parse(raw) {
    if (/^\/[^\0]+$/.test(raw)) return { value: raw }
    return /^rediss?:\/\//.test(raw) && URL.canParse(raw)
      ? { value: raw }
      : { problem: 'must be a redis:// or rediss:// URL or the absolute path of a socket' }
  },
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `HOST:PORT`, `[::1]:PORT` or `:PORT` (all addresses). Port 0 takes any free one. */
export const listenAddress: ValueType<ListenAddress> = {
  name: 'host:port',
  parse(raw) {
    const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/i.exec(raw.trim())
    const port = Number(match?.[3] ?? Number.NaN)
    const host = match?.[1] ?? match?.[2] ?? ''
    return port <= 65_535
      ? { value: { host: host === '' ? '::' : host, port } }
      : { problem: 'must be an address such as 127.0.0.1:8000' }
  },
}
