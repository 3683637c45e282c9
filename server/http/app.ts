import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import fastify, { LogController } from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ServerServices } from '../services.js'
import fastifyCookie from '@fastify/cookie'
import { requireAccess } from './access.js'
import { createAuthentication } from './authentication.js'
import { createCookies } from './cookies.js'
import { originOf } from './links.js'
import type { ApiTypes, App, FollowTimes, HttpContext } from './app-types.js'
import { answerClientError, answerExpectation } from './client-errors.js'
import { HEARTBEAT_MS, RECHECK_MS, REQUEST_TIMEOUT_MS, TIMEOUT_CHECK_MS } from './limits.js'
import type { Rates } from './limits.js'
import { createLogHub } from './log-stream/hub.js'
import { allowedMethods } from './plugins/app/allowed-methods.js'
import { discardBody } from './plugins/app/discard-body.js'
import { gracefulClose } from './plugins/app/graceful-close.js'
import { polledRoutes } from './plugins/app/polled.js'
import { problemDetails, sendProblem } from './plugins/app/problem-details.js'
import { httpLogger, requestLog } from './plugins/app/request-log.js'
import { requestMetrics } from './plugins/app/request-metrics.js'
import { securityHeaders, setSecurityHeaders } from './plugins/app/security-headers.js'
import { rateLimits } from './plugins/external/rate-limit.js'
import { routes } from './routes/routes.js'
import type { Gate } from './routes/routes.js'
import { collectRoutes } from './openapi/document.js'
import { plainSerializer } from './serialize.js'
import type { SerializerCompiler } from './serialize.js'
import { validatorCompiler } from './validate.js'

/** What the HTTP side of the server is made from. */
export interface HttpAppOptions {
  readonly services: ServerServices
  /** Whoever sends it may do everything under /api. Must not be empty. */
  readonly adminToken: string
  /** Whoever sends it may read the metrics; absent: only who has the admin token. */
  readonly metricsToken?: string
  /** Address that people and forges reach the server under; a function where it is known only later. */
  readonly publicUrl: string | (() => string)
  /** Largest body of a webhook, in bytes. */
  readonly bodyBytesMax: number
  readonly version: string
  readonly logger: Logger
  /** Addresses and networks of proxies in front, whose X-Forwarded-For is believed. Default none. */
  readonly trustedProxies?: readonly string[]
  /** How many requests there may be in a minute, where that is not as usual. */
  readonly rates?: Partial<Rates>
  /** What a test adds before the routes. */
  readonly extend?: (app: App) => void
  /** How answers become text; tests bring one that checks them. */
  readonly serializer?: SerializerCompiler
  /** Times that tests shorten, in milliseconds. */
  readonly timing?: Partial<FollowTimes & { requestTimeoutMs: number; timeoutCheckMs: number }>
}

/**
 * Makes the server's HTTP side: webhooks, API and probes, ready for `listen` or `inject`.
 * @throws TypeError when the admin token is empty
 */
export async function createHttpApp(options: HttpAppOptions): Promise<FastifyInstance> {
  if (options.adminToken === '') throw new TypeError('the admin token is empty')
  const app = makeFastify(options)
  app.server.on('checkExpectation', answerExpectation)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(options.serializer ?? plainSerializer)
  securityHeaders(app)
  requestLog(app)
  requestMetrics(app, options.services.metrics)
  problemDetails(app)
  discardBody(app)
  requireAccess(app)
  allowedMethods(app)
  polledRoutes(app)
  const closing = gracefulClose(app)
  // Everyone who follows a log listens to it, and there may be any number of them.
  setMaxListeners(0, closing)
  options.extend?.(app)
  const context = contextOf(options, closing)
  await collectRoutes(app, context)
  routes(app, await gateOf(app, options, context), context)
  await app.ready()
  return app
}

/** What stands before the routes. */
async function gateOf(
  app: App,
  { services: { people }, adminToken, rates }: HttpAppOptions,
  { publicUrl }: HttpContext,
): Promise<Gate> {
  await app.register(fastifyCookie)
  const cookies = createCookies(publicUrl)
  const limits = await rateLimits(app, rates)
  return {
    authentication: createAuthentication({ adminToken, people, cookies }),
    roles: people.roles,
    origin: () => originOf(publicUrl()),
    limit: limits.request,
    ...{ cookies, limits },
  }
}

function makeFastify({ logger, trustedProxies = [], timing = {} }: HttpAppOptions): App {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS, timeoutCheckMs = TIMEOUT_CHECK_MS } = timing
  return fastify({
    loggerInstance: httpLogger(logger),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestTimeout: requestTimeoutMs,
    // The headers have the same time: Node takes the longer of the two for the whole request.
    http: { connectionsCheckingInterval: timeoutCheckMs, headersTimeout: requestTimeoutMs },
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(reply, request.id)
      sendProblem(error, request, reply)
    },
  }).withTypeProvider<ApiTypes>()
}

function contextOf(options: HttpAppOptions, closing: AbortSignal): HttpContext {
  const { services, publicUrl, bodyBytesMax, version, metricsToken, timing = {} } = options
  const address = typeof publicUrl === 'string' ? () => publicUrl : publicUrl
  return {
    services,
    publicUrl: () => address().replace(/\/+$/, ''),
    bodyBytesMax,
    version,
    metricsTokens: [options.adminToken, ...(metricsToken === undefined ? [] : [metricsToken])],
    closing,
    logs: createLogHub(services, {
      heartbeatMs: timing.heartbeatMs ?? HEARTBEAT_MS,
      recheckMs: timing.recheckMs ?? RECHECK_MS,
    }),
  }
}
