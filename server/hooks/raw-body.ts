import type { FastifyReply, FastifyRequest } from 'fastify'
import { SandpiperError } from '../../protocol/errors.js'
import type { App } from '../http/app-types.js'

/** Makes every body of the scope a Buffer of the very bytes that were sent, whatever its content type. */
export function keepRawBody(app: App, bytesMax: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: bytesMax },
    (_request, body, done) => done(null, body),
  )
}

/**
 * Refuses a body by its declared length, so that none of it is kept.
 */
export function refuseLargeBody(bytesMax: number) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    const isTooLarge = Number(request.headers['content-length'] ?? 0) > bytesMax
    done(isTooLarge ? bodyTooLarge(bytesMax) : undefined)
  }
}

/** The error of a body over the limit. */
export function bodyTooLarge(bytesMax: number): SandpiperError {
  return new SandpiperError(
    'SP_HTTP_BODY_TOO_LARGE',
    `The body is larger than ${bytesMax} bytes.`,
    {
      hint: 'Send fewer commits at once, or raise the limit on hook bodies in the configuration.',
    },
  )
}
