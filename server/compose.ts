import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Closers } from './closers.js'
import { startBackground, startStatuses } from './compose/background.js'
import { openBase, type ServerParts } from './compose/base.js'
import { startHttp } from './compose/http.js'
import { createPeopleParts } from './compose/people.js'
import { createScheduling } from './compose/scheduling.js'
import { createServices } from './compose/services.js'
import { openSources } from './compose/sources.js'
import { openTransport } from './compose/transport.js'
import type { ServerConfig } from './config.js'
import { createLogger } from './logger.js'
import type { ServerServices } from './services.js'
import { UplinkHealth } from './uplink/health.js'
import { uplinkTimes } from './uplink/times.js'

export type { ServerParts } from './compose/base.js'

/** A server at work. */
export interface RunningServer {
  /** `http://host:port` that it listens on. */
  readonly address: string
  /** URL, or path of the unix socket, of the Redis that it uses: a runner beside it needs that. */
  readonly redisUrl: string
  readonly redisPrefix: string
  readonly adminToken: string
  readonly services: ServerServices
  readonly app: FastifyInstance
  /** Ends it gracefully: requests and batches under way are finished. Twice does no harm. */
  close(): Promise<void>
}

/**
 * Starts a server: everything is made here, once, and nowhere else.
 * @throws SandpiperError SP_DATA_DIR, SP_SERVER_DATA_IN_USE, SP_STORE_MIGRATE,
 * SP_SECRET_KEY_INVALID, SP_REDIS_MISSING, SP_REDIS_FAILED; system errors when the port can't be had
 */
export async function startServer(
  config: ServerConfig,
  parts: ServerParts = {},
): Promise<RunningServer> {
  const logger = parts.logger ?? createLogger(config.logLevel ?? 'info')
  const closers = new Closers(logger)
  try {
    return await compose(config, { ...parts, logger }, closers)
  } catch (error) {
    await closers.close()
    throw error
  }
}

/** The parts in the order of their start; each adds to `closers` how it ends, which happens backwards. */
async function compose(
  given: ServerConfig,
  known: ServerParts & { readonly logger: Logger },
  closers: Closers,
): Promise<RunningServer> {
  const base = await openBase(given, known, closers)
  const { config, clock, logger, address } = base
  const sources = await openSources(base)
  const uplink = new UplinkHealth(clock, uplinkTimes(config.leaseMs).gapMsMax)
  const transport = await openTransport(base)
  const people = createPeopleParts(base, sources)
  const scheduling = createScheduling(base, transport, people)
  const parts = { base, sources, people, transport, scheduling, uplink }
  const services = createServices(parts)
  await startBackground(parts, services)
  const { app, listening } = await startHttp(base, services)
  if (!address.isGiven) address.url = listening
  startStatuses(parts)
  logger.info({ address: listening, dataDir: config.dataDir }, 'the server listens')
  return {
    ...{ address: listening, services, app },
    redisUrl: transport.redisUrl,
    redisPrefix: config.redisPrefix,
    adminToken: config.adminToken,
    close: () => closers.close(),
  }
}
