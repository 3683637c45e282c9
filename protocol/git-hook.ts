import { createHmac } from 'node:crypto'

/** Header that carries the signature of `POST /hooks/git`: `sha256=` and 64 hex digits. */
export const GIT_HOOK_SIGNATURE_HEADER = 'x-sandpiper-signature'

/**
 * Body of `POST /hooks/git`: one pushed ref. The delivery id is in here, not in a header, so that the
 * signature covers it and a captured delivery can't be sent again under another id.
 */
export interface GitHookPayload {
  /** Chosen by the sender, unique for each push of each ref; 1 to 128 printable ASCII characters. */
  readonly delivery: string
  /** `owner/name`. */
  readonly repo: string
  /** Full ref: `refs/heads/...` or `refs/tags/...`. */
  readonly ref: string
  /** Commit before the push; all zeros or empty when the ref is new. */
  readonly before?: string
  /** Commit to build (for an annotated tag the commit it names); all zeros when the ref was deleted. */
  readonly after: string
  /** Message of the commit `after`. */
  readonly message?: string
  /** Author of the commit `after`. */
  readonly author?: { readonly name?: string; readonly email?: string }
  /** When the commit `after` was made, in Unix milliseconds. */
  readonly committed?: number
  /** Who pushed. */
  readonly pusher?: string
  /** When the push happened, in Unix milliseconds, by the sender's clock. */
  readonly time?: number
}

/** Value of the signature header: HMAC-SHA256 (RFC 2104) of the exact bytes of the body. */
export function signBody(secret: string, body: Buffer | string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}
