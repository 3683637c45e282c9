import { createHash, timingSafeEqual } from 'node:crypto'
import { SandpiperError } from '../../../../protocol/errors.js'
import type { App } from '../../app-types.js'

/**
 * Lets only requests with the admin token, which must not be empty, into the scope, unknown addresses of
 * the scope included.
 */
export function adminAuth(app: App, adminToken: string): void {
  const expected = sha256(adminToken)
  app.addHook('onRequest', (request, _reply, done) => {
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    // Hashes have one length, so the comparison tells nothing about the token's.
    const matches = timingSafeEqual(sha256(given ?? ''), expected)
    done(matches ? undefined : unauthorized(given !== undefined))
  })
}

function unauthorized(hadToken: boolean): SandpiperError {
  const message = hadToken ? 'The token is not right.' : 'The API needs a token.'
  return new SandpiperError('SP_HTTP_UNAUTHORIZED', message, {
    hint: "Send 'Authorization: Bearer TOKEN' with the token from the data directory's admin-token file.",
  })
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
