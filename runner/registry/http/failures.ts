import { errors } from 'undici'
import { messageOf } from '../../../protocol/errors.js'
import { badAnswer, RegistryError } from '../errors.js'
import { NEARNESS_NAMES } from './addresses.js'
import { RefusedAddress, type Target } from './connections.js'
import { ProxyFailure } from './proxy-failure.js'
import { Stalled } from './watchdog.js'

/** What went wrong below HTTP, in words. */
export function connectionError(error: unknown, { where, url, route }: Target): RegistryError {
  const fault = deepest(error)
  const proxy = route?.proxy ?? null
  const place = proxy ? `${where} through the proxy ${proxy.url.origin}` : where
  if (fault instanceof RefusedAddress) return refusedAddress(fault, where, url)
  if (proxy && fault instanceof ProxyFailure) return proxyFailure(fault, place, url, proxy.url)
  if (proxy && route?.kind === 'forward') return forwardFailure(error, place, proxy.url)
  return serverFailure(error, place, url)
}

function serverFailure(error: unknown, where: string, url: URL): RegistryError {
  const fault = deepest(error)
  const code = codeOf(fault)
  if (isPlainAnswer(code, fault)) return plainHttp(where, url, error)
  if (isTls(code)) return untrusted(where, url, fault)
  if (fault instanceof errors.HTTPParserError) {
    return badAnswer(where, `${url.host} speaks no HTTP (${messageOf(fault)})`)
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return badAnswer(where, 'its headers have no end')
  const { why, again } = inWords(fault, url)
  return new RegistryError('SP_REGISTRY_UNREACHABLE', `can't reach ${where}: ${why}`, {
    hint: 'Check the host and port in the image name, and the DNS, network and firewall of the runner.',
    ...{ again, cause: error },
  })
}

/** The connection is one to the proxy, also once it has begun to answer for the server. */
function forwardFailure(error: unknown, where: string, proxy: URL): RegistryError {
  const fault = deepest(error)
  const words =
    fault instanceof errors.HTTPParserError
      ? { why: `${proxy.host} speaks no HTTP (${messageOf(fault)})`, again: false }
      : inWords(fault, proxy)
  return noProxy(where, { ...words, cause: error })
}

function proxyFailure(failure: ProxyFailure, where: string, url: URL, proxy: URL): RegistryError {
  const { status, hadCredentials, cause } = failure
  if (status === null) return noProxy(where, { ...inWords(deepest(cause), proxy), cause })
  if (status === 407) {
    const why = hadCredentials ? 'it does not take our credentials' : 'it wants credentials'
    return new RegistryError('SP_REGISTRY_UNREACHABLE', `can't reach ${where}: ${why} (407)`, {
      hint: 'Give the proxy its credentials in SANDPIPER_REGISTRY_PROXY: http://USER:PASSWORD@HOST:PORT.',
      cause: failure,
    })
  }
  const why = `it does not connect us with ${url.host} (${String(status)})`
  return new RegistryError('SP_REGISTRY_UNREACHABLE', `can't reach ${where}: ${why}`, {
    hint: 'Check the host in the image name and the rules and logs of the proxy, or name the host in SANDPIPER_REGISTRY_NO_PROXY.',
    again: status >= 500 || status === 429 || status === 408,
    cause: failure,
  })
}

/** The way ends before or at the proxy. */
function noProxy(
  where: string,
  { why, ...more }: { readonly why: string; readonly again: boolean; readonly cause: unknown },
): RegistryError {
  return new RegistryError('SP_REGISTRY_UNREACHABLE', `can't reach ${where}: ${why}`, {
    hint: 'Check SANDPIPER_REGISTRY_PROXY (or HTTPS_PROXY); with the host in SANDPIPER_REGISTRY_NO_PROXY it goes without.',
    ...more,
  })
}

/** Why a server is out of reach, and whether another try may help. */
function inWords(fault: unknown, url: URL): { readonly why: string; readonly again: boolean } {
  if (fault instanceof Stalled) return { why: fault.message, again: true }
  const code = codeOf(fault)
  const text = WORDS[code]
  if (text) return { why: text(url.hostname, url.host), again: AGAIN.has(code) }
  if (isTls(code)) return { why: `${url.host}: ${messageOf(fault)}`, again: false }
  return { why: `the connection to ${url.host} broke: ${messageOf(fault)}`, again: true }
}

const WORDS: Readonly<Record<string, (hostname: string, host: string) => string>> = {
  ENOTFOUND: (hostname) => `there is no host ${hostname} (DNS)`,
  EAI_AGAIN: (hostname) => `the DNS server has no answer for ${hostname}`,
  EAI_FAIL: (hostname) => `the DNS server fails for ${hostname}`,
  ECONNREFUSED: (_, host) => `nothing listens at ${host} (connection refused)`,
  EHOSTUNREACH: (_, host) => `there is no way to ${host}`,
  ENETUNREACH: (_, host) => `there is no way to ${host}`,
  ETIMEDOUT: (_, host) => `${host} does not answer (connection timed out)`,
  UND_ERR_CONNECT_TIMEOUT: (_, host) => `${host} does not answer (connection timed out)`,
}

const AGAIN = new Set(Object.keys(WORDS).filter((code) => code !== 'ENOTFOUND'))

function untrusted(where: string, url: URL, fault: unknown): RegistryError {
  return new RegistryError(
    'SP_REGISTRY_TLS',
    `no trusted connection to ${where}: ${url.host}: ${messageOf(fault)}`,
    {
      hint: 'Name the file of its authority in SANDPIPER_REGISTRY_CA, or the host in SANDPIPER_REGISTRY_INSECURE.',
      cause: fault,
    },
  )
}

function plainHttp(where: string, url: URL, cause: unknown): RegistryError {
  return new RegistryError(
    'SP_REGISTRY_TLS',
    `no trusted connection to ${where}: ${url.host} does not speak TLS`,
    {
      hint: `If it is meant to speak plain HTTP, name it: SANDPIPER_REGISTRY_INSECURE=${url.host}, or --registry-insecure ${url.host}.`,
      cause,
    },
  )
}

function refusedAddress(
  { address, nearness }: RefusedAddress,
  where: string,
  url: URL,
): RegistryError {
  const name = NEARNESS_NAMES[nearness]
  return new RegistryError(
    'SP_REGISTRY_ADDRESS',
    `${where} is not asked: ${url.host} is the ${name} address ${address}`,
    {
      hint: 'Registries may name no server nearer to this machine than they are; link-local ones must be in SANDPIPER_REGISTRY_INSECURE.',
    },
  )
}

/** TLS to a port that speaks something else: its first bytes are no TLS record. */
export function isPlainAnswer(code: string, fault: unknown): boolean {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return true
  return (
    code === 'EPROTO' &&
    /wrong version number|packet length too long|http request/i.test(messageOf(fault))
  )
}

const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/

function isTls(code: string): boolean {
  return (
    CERTIFICATE.test(code) ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_TLS_') ||
    code === 'EPROTO'
  )
}

/** What an undici error, or one for several addresses at once, goes back to. */
export function deepest(error: unknown): unknown {
  if (error instanceof RefusedAddress || error instanceof Stalled) return error
  if (error instanceof ProxyFailure) return error
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return deepest(error.cause)
  return error
}

export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
