import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
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
  return logger.child({}, { redact: { paths, censor: '[redacted]' }, serializers: { req, res } })
}

/** Logs each request once, when it has been answered or its client is gone. */
export function requestLog(app: App): void {
  app.addHook('onResponse', (request, reply, done) => {
    const isProbe = request.url === '/healthz' || request.url === '/readyz'
    const durationMs = Math.round(reply.elapsedTime)
    request.log[isProbe ? 'debug' : 'info'](
      { req: request, res: reply, durationMs },
      'request answered',
    )
    done()
  })
  app.addHook('onRequestAbort', (request, done) => {
    request.log.info({ req: request }, 'client went away')
    done()
  })
}

/** What the log shows of a request: no headers and no query. */
function req(request: Partial<FastifyRequest>) {
  const path = request.url?.split('?')[0]?.slice(0, 500)
  return { method: request.method, path, remoteAddress: request.ip }
}

function res(reply: Partial<FastifyReply>) {
  return { statusCode: reply.statusCode }
}
