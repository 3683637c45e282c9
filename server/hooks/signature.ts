import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i

/**
 * The digest that a sender claims for a body, or null when none of the headers has one of the right
 * form. A header sent twice arrives joined by a comma and so has not the right form.
 */
export function readSignature(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Buffer | null {
  for (const name of names) {
    const value = headers[name]
    if (value === undefined) continue
    const digest = typeof value === 'string' ? SIGNATURE.exec(value)?.[1] : undefined
    return digest === undefined ? null : Buffer.from(digest, 'hex')
  }
  return null
}

/** True when `signature` is the HMAC-SHA256 of `body` under `secret`; takes the same time either way. */
export function signatureMatches(secret: string, body: Buffer, signature: Buffer): boolean {
  const expected = createHmac('sha256', secret).update(body).digest()
  return signature.length === expected.length && timingSafeEqual(signature, expected)
}
