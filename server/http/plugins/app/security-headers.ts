import type { FastifyReply } from 'fastify'
import type { App } from '../../app-types.js'

/** Puts the headers on every response that keep a browser from doing more with it than show it. */
export function securityHeaders(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    setSecurityHeaders(reply, request.id)
    done()
  })
}

/** Sets them on one response, for those that no hook runs for. */
export function setSecurityHeaders(reply: FastifyReply, requestId: string): void {
  reply.headers({
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  })
}
