import type { Endpoint, Endpoints } from '../endpoints.js'
import { badAnswer, refusedRedirect } from '../errors.js'
import { REDIRECTS_MAX } from '../limits.js'
import { PUBLIC } from './addresses.js'
import type { Peer } from './connections.js'
import { exchange, type Answer, type Message, type Ways } from './exchange.js'

export interface Sender extends Ways {
  readonly endpoints: Endpoints
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Sends a message for an endpoint and follows redirects of reads. `authorization` goes to the origin of the
 * message's URL only; https never turns into http.
 * @throws RegistryError
 */
export async function send(
  sender: Sender,
  endpoint: Endpoint,
  message: Message,
  authorization: string | null,
): Promise<Answer> {
  const first = message.url
  const isRead = message.method === 'GET' || message.method === 'HEAD'
  let url = first
  for (let hops = 0; hops <= REDIRECTS_MAX; hops += 1) {
    const isOwn = url.origin === first.origin
    const headers = {
      ...message.headers,
      ...(isOwn && authorization !== null ? { authorization } : {}),
    }
    const where = placeOf(endpoint, url)
    const answer = await exchange(sender, peerFor(sender, endpoint, url), where, {
      ...message,
      url,
      headers,
    })
    if (!isRead || !REDIRECTS.has(answer.status)) return answer
    const location = answer.header('location')
    await answer.discard()
    url = nextUrl(location, url, endpoint)
  }
  throw refusedRedirect(endpoint.label, `more than ${String(REDIRECTS_MAX)} times in a row`)
}

/**
 * How far a server is trusted. Where a registry sends us may be no nearer to this machine than the registry
 * itself: one on the Internet can't have us ask private networks, and none but one of the operator's own can
 * have us ask link-local addresses, where clouds keep their machines' credentials.
 */
export function peerFor({ connections, endpoints }: Sender, endpoint: Endpoint, url: URL): Peer {
  if (url.host === new URL(`${url.protocol}//${endpoint.host}`).host) return endpoint.peer
  const hostname = new URL(`https://${endpoint.host}`).hostname
  return {
    isInsecure: endpoints.isInsecure(url.host),
    nearest: connections.farthest(hostname) ?? PUBLIC,
  }
}

/** How people call the server of a URL. Of a URL that a registry made nothing is shown but the host: it has keys in it. */
export function placeOf(endpoint: Endpoint, url: URL): string {
  const isOwn = url.host === new URL(`${url.protocol}//${endpoint.host}`).host
  return isOwn ? endpoint.label : `${url.host} (where ${endpoint.label} sends us)`
}

function nextUrl(location: string | null, from: URL, endpoint: Endpoint): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw badAnswer(endpoint.label, 'its redirect names no place')
  }
  const url = new URL(location, from)
  url.username = ''
  url.password = ''
  url.hash = ''
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refusedRedirect(endpoint.label, `to a ${url.protocol} URL`)
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw refusedRedirect(endpoint.label, `from https to plain HTTP at ${url.host}`)
  }
  return url
}
