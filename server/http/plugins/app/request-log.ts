import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { App } from '../../app-types.js'

const SECRET_HEADERS = [
  'authorization',
  'cookie',
  'x-sandpiper-signature',
  'x-hub-signature',
  'x-hub-signature-256',
]

/**
 * The logger of the HTTP side. Requests are logged without headers and query; should anything log
 * headers all the same, credentials and signatures are censored.
 */
export function httpLogger(logger: Logger): FastifyBaseLogger {
  const paths = SECRET_HEADERS.flatMap((name) => [
    `headers["${name}"]`,
    `req.headers["${name}"]`,
    `*.req.headers["${name}"]`,
  ])
  return logger.child({}, { redact: { paths, censor: '[redacted]' }, serializers: { req } })
}

/** Logs each request once, when it has been answered. */
export function requestLog(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const isProbe = request.url === '/healthz' || request.url === '/readyz'
    request.log[isProbe ? 'debug' : 'info'](
      { req: request, status: reply.statusCode, durationMs: Math.round(reply.elapsedTime) },
      'request answered',
    )
    done()
  })
}

function req(request: FastifyRequest) {
  return {
    method: request.method,
    path: request.url.split('?')[0]?.slice(0, 500),
    remoteAddress: request.ip,
  }
}
