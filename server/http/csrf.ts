import type { FastifyRequest } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import { csrfTokenOf, isSame } from '../people/secret-values.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Value of the session's cookie, of who is known by it. */
    sessionValue: string
  }
}

/** Whether a method only reads (RFC 9110, 9.2.1). */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/**
 * Lets a request of a signed-in browser change something only when a page of ours made it: it has the session's CSRF token,
 * and where the browser says which page it was, that is one of ours.
 * @throws SandpiperError SP_HTTP_CSRF
 */
export function checkCsrf(request: FastifyRequest, origin: string): void {
  if (isSafe(request.method)) return
  checkOrigin(request, origin)
  const given = request.headers['x-csrf-token']
  checkCsrfToken(typeof given === 'string' ? given : '', request.sessionValue)
}

/** @throws SandpiperError SP_HTTP_CSRF when it is not the session's */
export function checkCsrfToken(given: string, sessionValue: string): void {
  if (isSame(given, csrfTokenOf(sessionValue))) return
  throw csrf('The request has not the CSRF token of the session.')
}

/** @throws SandpiperError SP_HTTP_CSRF when another site made the request */
export function checkOrigin({ headers }: FastifyRequest, origin: string): void {
  const from = headers.origin
  const site = headers['sec-fetch-site']
  const isOther = from !== undefined && from !== origin
  const isCross = site !== undefined && site !== 'same-origin' && site !== 'none'
  if (isOther || isCross) throw csrf('The request was made by another site.')
}

function csrf(message: string): SandpiperError {
  return new SandpiperError('SP_HTTP_CSRF', message, {
    hint: "Send 'csrf_token' from GET /api/user in the header X-CSRF-Token; programs use a bearer token, which needs none.",
  })
}
