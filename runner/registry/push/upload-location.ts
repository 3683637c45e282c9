import { badAnswer, refusedRedirect } from '../errors.js'
import type { Answer } from '../http/exchange.js'
import type { Endpoint } from '../endpoints.js'

/**
 * Where an upload goes on: at the registry itself, by the scheme and port that we know it by. Registries
 * behind proxies often name others; credentials and blobs go to no other host.
 * @throws RegistryError
 */
export function uploadLocation(answer: Answer, endpoint: Endpoint): URL {
  const location = answer.header('location')
  if (location === null || !URL.canParse(location, answer.url.href)) {
    throw badAnswer(endpoint.label, 'it does not say where to upload to')
  }
  const url = new URL(location, answer.url)
  if (url.hostname !== answer.url.hostname) {
    throw refusedRedirect(endpoint.label, `to upload at ${url.host || url.protocol}`)
  }
  return new URL(`${answer.url.origin}${url.pathname}${url.search}`)
}

/** The location with the digest that ends the upload. What is in its query stays as the registry wrote it. */
export function withDigest(location: URL, digest: string): URL {
  const joint = location.search === '' ? '?' : '&'
  return new URL(`${location.href}${joint}digest=${encodeURIComponent(digest)}`)
}

/** Bytes that an upload has, from `Range: 0-LAST`; null where the answer does not say. */
export function uploadedBytes(answer: Answer): number | null {
  const match = /^(?:bytes=)?0-(\d{1,16})$/.exec(answer.header('range') ?? '')
  const last = Number(match?.[1] ?? 0)
  // 0-0 says nothing: it is the range of one byte, and distribution's of none.
  return last === 0 ? null : last + 1
}
