import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createMirrors } from '../git/mirrors.js'
import { makeDataDirectory } from '../protocol/data-dir.js'
import { redisKeys } from '../protocol/keys.js'
import { createAuditService } from './audit/list.js'
import { createBadgeService } from './badges/badge-service.js'
import { addGauges } from './metrics/gauges.js'
import { logObservation } from './metrics/log-observation.js'
import { Metrics } from './metrics/metrics.js'
import { StoredDeliveryLog } from './deliveries/delivery-log.js'
import { createBuildService } from './builds/build-service.js'
import { createRepoService } from './builds/repo-service.js'
import type { Clock } from './clock.js'
import { systemClock } from './clock.js'
import { Closers } from './closers.js'
import type { ResolvedConfig, ServerConfig } from './config.js'
import { resolveConfig } from './config.js'
import { closeForges, createForges } from './forges/create-forges.js'
import { checkHealth } from './health/health.js'
import { healthProbes } from './health/probes.js'
import { CronScheduler } from './crons/cron-scheduler.js'
import { createCronService } from './crons/cron-service.js'
import { HookTraffic } from './hooks/traffic.js'
import { createHttpApp } from './http/app.js'
import { ingest } from './ingest/ingest.js'
import { SourceCache } from './ingest/source-cache.js'
import { IngestQueue, startIngestWorker } from './ingest/ingest-queue.js'
import { createLogger } from './logger.js'
import { LogNews } from './logs/log-news.js'
import { createLogService } from './logs/log-service.js'
import { LogWatcher } from './logs/log-watcher.js'
import { openLogs } from './logs/open-logs.js'
import { closeConnection, redisConnections, waitUntilReady } from './redis/connections.js'
import type { RedisConnections } from './redis/connections.js'
import { startPrivateRedis } from './redis/private-redis.js'
import { RunnerPresence } from './runners/presence.js'
import { createRunnerService } from './runners/runner-service.js'
import { Dispatcher } from './scheduling/dispatcher.js'
import { Enqueuer } from './scheduling/enqueuer.js'
import { Reconciler } from './scheduling/reconciler.js'
import { StageQueues } from './scheduling/stage-queues.js'
import { createPeople } from './people/people.js'
import { checkKeys } from './secrets/key-check.js'
import { createSecrets, openKeys } from './secrets/open-secrets.js'
import { readOrCreatePrivateFile } from './secrets/create-once.js'
import { StatusSender } from './statuses/sender.js'
import { createStatusService } from './statuses/status-service.js'
import { personalTokens } from './statuses/token.js'
import type { ServerServices } from './services.js'
import { lockDataDir } from './store/data-lock.js'
import { openDatabase } from './store/database.js'
import { applyBatch } from './uplink/apply-batch.js'
import { Collector } from './uplink/collector.js'
import { Downlink } from './uplink/downlink.js'
import { UplinkHealth } from './uplink/health.js'
import { UplinkShares } from './uplink/shares.js'

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

/** What tests, and a process with a log of its own, bring along. */
export interface ServerParts {
  readonly logger?: Logger
  readonly clock?: Clock
  /** Version of Sandpiper, shown in answers and step variables. */
  readonly version?: string
}

/**
 * How the reader of runners' reports keeps its time, in milliseconds. A reader that has not caught up
 * for `gapMsMax` is deaf, and leases do not end; that must be noticed well before one would.
 */
function uplinkTimes(leaseMs: number): { readonly blockMs: number; readonly gapMsMax: number } {
  return {
    blockMs: Math.floor(Math.min(1_000, leaseMs / 8)),
    gapMsMax: Math.min(5_000, leaseMs / 2),
  }
}

/** How long the start waits for Redis; a server without it takes webhooks all the same. */
const REDIS_WAIT_MS = 5_000

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

async function compose(
  given: ServerConfig,
  { logger, clock = systemClock, version = '0.0.0' }: ServerParts & { readonly logger: Logger },
  closers: Closers,
): Promise<RunningServer> {
  const { dataDir } = given
  await makeDataDirectory(dataDir)
  closers.add('lock', await lockDataDir(dataDir), (lock) => lock.release())
  const config = resolveConfig(given, given.adminToken ?? (await adminTokenIn(dataDir)))
  const keys = redisKeys(config.redisPrefix)

  const db = closers.add('database', await openDatabase(config.database), (it) => it.destroy())
  const secretKeys = await openKeys(config)
  const { box: secrets } = secretKeys
  await checkKeys(db, secrets)
  const isShared = 'url' in config.database
  const { store: logs, keeper } = await openLogs({
    ...{ db, dataDir, isShared, clock, logger, closers },
    config: config.logs,
  })
  const mirrors = closers.add('mirrors', createMirrors(join(dataDir, 'mirrors')), (it) =>
    it.close(),
  )
  const forges = closers.add('forges', createForges(config.forges), closeForges)
  const watcher = new LogWatcher()
  const { blockMs, gapMsMax } = uplinkTimes(config.leaseMs)
  const uplink = new UplinkHealth(clock, gapMsMax)

  const connections = await connectRedis(config, logger, closers)
  const redis = closers.add('redis', connections.failingFast(), closeConnection)
  const reader = closers.add('reader', connections.waiting(), (it) => it.disconnect())
  const workerRedis = closers.add('worker', connections.waiting(), closeConnection)

  const { bullPrefix } = keys
  const queues = closers.add('queues', new StageQueues({ redis, bullPrefix, logger }), (it) =>
    it.close(),
  )
  const ingestQueue = closers.add(
    'ingest queue',
    new IngestQueue({ redis, bullPrefix, ...config.ingest }),
    (it) => it.close(),
  )
  const downlink = new Downlink(redis, keys)
  const listener = closers.add('listener', connections.waiting(), (it) => it.disconnect())
  const news = closers.add(
    'log news',
    new LogNews({ watcher, redis, listener, channel: keys.logNews }),
    (it) => it.stop(),
  )
  let address = config.publicUrl
  const metrics = new Metrics()
  const system = () => ({ link: address, version })
  const jobSecrets = createSecrets({ keys: secretKeys, db, clock, logger })
  const enqueuer = new Enqueuer({ db, queues, system, seal: jobSecrets.sealer })
  const dispatcher = closers.add(
    'dispatcher',
    new Dispatcher({
      ...{ downlink, enqueuer, queues, watcher: news, logger },
      observe: (seen) => {
        metrics.observe(seen)
        logObservation(logger, seen)
      },
    }),
    (it) => it.settled(),
  )

  const settings = config.people
  const people = closers.add(
    'people',
    createPeople({ db, clock, secrets, forges, settings, logger }),
    (it) => it.settled(),
  )

  const probes = healthProbes({ db, redis, uplink, clock, dataDir })
  const deliveries = new StoredDeliveryLog({ db, clock, dispatcher, logger })
  const making = { db, clock, dispatcher, ingest: (id: number) => ingestQueue.add([id]) }
  const services: ServerServices = {
    repos: createRepoService({ db, clock, secrets, forges, logs, mirrors, dispatcher, logger }),
    builds: createBuildService({ ...making, queues, deliveries }),
    deliveries,
    crons: createCronService(making),
    traffic: new HookTraffic(),
    forges,
    statuses: createStatusService(db, config.statusContext),
    logs: createLogService({ db, logs, watcher, clock }),
    audit: createAuditService(db),
    secrets: jobSecrets.service,
    runners: createRunnerService(db, clock),
    metrics,
    badges: createBadgeService(db),
    people,
    health: () => checkHealth(probes),
  }
  addGauges(metrics.registry, { db, clock, health: () => services.health() })

  const { leaseMs, pipelineFile: file, defaultPlatform: platform } = config
  const presence = new RunnerPresence({ db, clock, logger })
  const batch = { db, logs, downlink, dispatcher, clock, leaseMs, logger }
  const shares = new UplinkShares({
    ...{ redis, keys, health: uplink, intervalMs: blockMs, gapMsMax, logger },
  })
  const collector = new Collector({
    ...{ reader, redis, keys, shares, health: uplink, blockMs, logger },
    applyBatch: async (entries) => {
      await applyBatch(batch, entries)
      await presence.note(entries)
    },
  })
  const reconciler = new Reconciler({
    ...{ db, clock, enqueuer, dispatcher, uplink, leaseMs, logger },
    ingest: (ids) => ingestQueue.restore(ids),
    isRedisReachable: () => queues.isReachable,
    intervalMs: config.reconcileIntervalMs,
  })
  const ingestion = {
    db,
    clock,
    mirrors,
    sources: new SourceCache(),
    dispatcher,
    file,
    platform,
    system,
    logger,
  }

  await waitUntilReady(redis, REDIS_WAIT_MS)
  closers.add('log keeper', keeper, (it) => it.stop()).start()
  closers.add('reconciler', reconciler, (it) => it.stop()).start()
  news.start()
  await closers.add('uplink shares', shares, (it) => it.stop()).start()
  closers.add('crons', new CronScheduler({ ...making, logger }), (it) => it.stop()).start()
  closers.add('collector', collector, (it) => it.stop()).start()
  closers.add(
    'ingest worker',
    startIngestWorker({
      ...{ redis: workerRedis, bullPrefix, logger },
      ingest: async (attempt) => {
        await services.traffic.quiet()
        await ingest(ingestion, attempt)
      },
    }),
    (it) => it.close(),
  )

  const app = closers.add(
    'http',
    await createHttpApp({
      ...{ services, logger, version },
      adminToken: config.adminToken,
      ...(config.metricsToken === undefined ? {} : { metricsToken: config.metricsToken }),
      bodyBytesMax: config.bodyBytesMax,
      trustedProxies: config.trustedProxies,
      publicUrl: () => address,
    }),
    (it) => it.close(),
  )
  const listening = await listen(app, config)
  // With port 0 the address is known only now.
  address = given.publicUrl ?? listening
  const statuses = new StatusSender({
    ...{ db, forges, secrets, clock, logger },
    tokenOf: personalTokens(services.people),
    publicUrl: () => address,
    prefix: config.statusContext,
  })
  closers.add('statuses', statuses, (it) => it.stop()).start()
  logger.info({ address: listening, dataDir }, 'the server listens')
  return {
    address: listening,
    redisUrl: connections.address,
    redisPrefix: config.redisPrefix,
    adminToken: config.adminToken,
    services,
    app,
    close: () => closers.close(),
  }
}

async function adminTokenIn(dataDir: string): Promise<string> {
  const content = () => `${randomBytes(32).toString('hex')}\n`
  return (await readOrCreatePrivateFile(join(dataDir, 'admin-token'), content)).trim()
}

async function connectRedis(
  { redis, dataDir }: ResolvedConfig,
  logger: Logger,
  closers: Closers,
): Promise<RedisConnections> {
  if ('url' in redis) return redisConnections(redis.url, logger)
  const options = { dataDir, logger, ...(redis.runtimeDir && { runtimeDir: redis.runtimeDir }) }
  const child = closers.add('private Redis', await startPrivateRedis(options), (it) => it.close())
  return redisConnections(child.path, logger)
}

async function listen(app: FastifyInstance, { listen }: ResolvedConfig): Promise<string> {
  await app.listen(listen)
  const { address, port, family } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
