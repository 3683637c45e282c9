import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gunzipSync, gzip, gzipSync } from 'node:zlib'
import type { DeliveryRecord } from './types.js'

/** Largest raw body that the log keeps. */
export const LOGGED_BODY_BYTES_MAX = 1024 * 1024
/** Bodies over this are packed by another thread. */
const PACKED_AT_ONCE_BYTES_MAX = 32 * 1024
const HEADERS_MAX = 50
const HEADER_LENGTH_MAX = 1_024
const SECRET_HEADER = /signature|token|secret|password|authorization|cookie/
// The fastest level makes JSON a fifth; more costs the time that a webhook may take.
const LEVEL = { level: 1 } as const

/** What the log keeps of a delivery. */
export async function recordOf(hook: {
  readonly arrived: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}): Promise<DeliveryRecord> {
  return { ...outlineOf(hook), body: await packBody(hook.body) }
}

/** The same without the body, for senders that are not known. */
export function outlineOf(hook: {
  readonly arrived: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}): DeliveryRecord {
  return {
    arrived: hook.arrived,
    headersJson: JSON.stringify(loggedHeaders(hook.headers)),
    body: null,
    bodyBytes: hook.body.length,
  }
}

function loggedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const logged = Object.entries(headers)
    .slice(0, HEADERS_MAX)
    .map(([name, value = '']) => [name.slice(0, HEADER_LENGTH_MAX), shown(name, value)] as const)
  return Object.fromEntries(logged)
}

function shown(name: string, value: string | readonly string[]): string {
  if (SECRET_HEADER.test(name)) return '(not shown)'
  return (typeof value === 'string' ? value : value.join(', ')).slice(0, HEADER_LENGTH_MAX)
}

async function packBody(body: Buffer): Promise<string | null> {
  if (body.length > LOGGED_BODY_BYTES_MAX) return null
  const plain = withoutSecret(body)
  const isSmall = plain.length <= PACKED_AT_ONCE_BYTES_MAX
  const packed = isSmall ? gzipSync(plain, LEVEL) : await promisify(gzip)(plain, LEVEL)
  return packed.toString('base64')
}

/** The body that was packed. */
export function unpackBody(packed: string): Buffer {
  return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: LOGGED_BODY_BYTES_MAX })
}

/** Gogs, and Gitea in its first years, write the hook's secret into the body. */
function withoutSecret(body: Buffer): Buffer {
  if (!body.includes('"secret"')) return body
  const text = body.toString('latin1').replace(/("secret"\s*:\s*)"(?:[^"\\]|\\.)*"/g, '$1""')
  return Buffer.from(text, 'latin1')
}
