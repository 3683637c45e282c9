import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** How a sender proves that it knows a repo's hook secret. */
export interface SignatureScheme {
  /** Headers that may carry the proof, lower case; the first that is there counts. */
  readonly headers: readonly string[]
  /** Its form, in words that follow the header's name. */
  readonly form: string
  /** The proof in a header's value; null when it has not the right form. */
  claim(value: string, header: string): Buffer | null
  /** True when the proof was made with the secret; takes the same time either way. */
  matches(secret: string, body: Buffer, claim: Buffer): boolean
}

const DIGEST = /^[0-9a-f]{64}$/i

/**
 * HMAC-SHA256 of the raw body in hex. Each header says what stands before the digest: GitHub and Bitbucket write
 * `sha256=`, Gitea and Forgejo nothing.
 */
export function hmacSha256(headers: Readonly<Record<string, 'sha256=' | ''>>): SignatureScheme {
  const prefixes = new Map(Object.entries(headers))
  const plain = [...prefixes.values()].includes('')
  return {
    headers: [...prefixes.keys()],
    form: plain ? 'with 64 hex digits' : "with 'sha256=' and 64 hex digits",
    claim: (value, header) => {
      const prefix = prefixes.get(header) ?? ''
      if (!value.toLowerCase().startsWith(prefix)) return null
      const digest = value.slice(prefix.length)
      return DIGEST.test(digest) ? Buffer.from(digest, 'hex') : null
    },
    matches: (secret, body, claim) =>
      isSame(createHmac('sha256', secret).update(body).digest(), claim),
  }
}

/** The secret itself in a header, as GitLab sends it. It proves who sent the body, not that it is whole. */
export function plainToken(header: string): SignatureScheme {
  return {
    headers: [header],
    form: "with the repo's hook secret",
    claim: (value) => (value === '' ? null : sha256(value)),
    // Digests have one length, so the time tells nothing about the secret's.
    matches: (secret, _body, claim) => isSame(sha256(secret), claim),
  }
}

/**
 * The proof that a sender gives, or null when none of the headers has one of the right form. A header sent twice
 * arrives joined by a comma and so has not the right form.
 */
export function readSignature(
  headers: IncomingHttpHeaders,
  scheme: SignatureScheme,
): Buffer | null {
  for (const name of scheme.headers) {
    const value = headers[name]
    if (value !== undefined) return typeof value === 'string' ? scheme.claim(value, name) : null
  }
  return null
}

function isSame(expected: Buffer, claim: Buffer): boolean {
  return claim.length === expected.length && timingSafeEqual(claim, expected)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
