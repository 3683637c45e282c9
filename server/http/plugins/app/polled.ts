import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../../app-types.js'
import { etagOf, isKnownTag } from '../../etag.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True for what clients ask for again and again: it has an entity tag, and 304 is the answer to who has it. */
    polled?: boolean
  }
}

/**
 * Gives the answers of polled routes an entity tag, and no body to who knows them already. The tag is of the very body, so
 * it is right whatever the body depends on; what a proxy or a browser keeps is for the same person only.
 */
export function polledRoutes(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isPolled = request.routeOptions.config.polled === true && reply.statusCode === 200
    if (!isPolled || typeof payload !== 'string') done(null, payload)
    else done(null, tagged(request, reply, payload))
  })
}

function tagged(request: FastifyRequest, reply: FastifyReply, payload: string): string | null {
  // Weak: a proxy may compress what it is of.
  const etag = `W/${etagOf(payload)}`
  void reply.headers({
    etag,
    'cache-control': 'private, no-cache',
    vary: 'authorization, cookie',
  })
  if (!isKnownTag(request.headers['if-none-match'], etag)) return payload
  void reply.code(304).removeHeader('content-type').removeHeader('content-length')
  return null
}
