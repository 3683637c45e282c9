import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createMirrors } from '../../../git/mirrors.js'
import { redisKeys } from '../../../protocol/keys.js'
import { createAuditService } from '../../audit/list.js'
import { StoredDeliveryLog } from '../../deliveries/delivery-log.js'
import { createBuildService } from '../../builds/build-service.js'
import { createRepoService } from '../../builds/repo-service.js'
import { systemClock as clock } from '../../clock.js'
import { createCronService } from '../../crons/cron-service.js'
import { Closers } from '../../closers.js'
import type { Forges } from '../../forges/types.js'
import { personalTokens } from '../../forges/token.js'
import { HookTraffic } from '../../hooks/traffic.js'
import { IngestQueue } from '../../ingest/ingest-queue.js'
import { DiskBlobStore } from '../../blobs/disk-blob-store.js'
import { ArchivedLogs } from '../../logs/archived-logs.js'
import { FileLogStore } from '../../logs/file-log-store.js'
import { createLogService } from '../../logs/log-service.js'
import { LogWatcher } from '../../logs/log-watcher.js'
import { createBadgeService } from '../../badges/badge-service.js'
import { Metrics } from '../../metrics/metrics.js'
import { closeConnection, redisConnections, waitUntilReady } from '../../redis/connections.js'
import { startPrivateRedis } from '../../redis/private-redis.js'
import { createRepoHooks } from '../../repo-hooks/repo-hooks.js'
import { createRunnerService } from '../../runners/runner-service.js'
import { Dispatcher } from '../../scheduling/dispatcher.js'
import { Enqueuer } from '../../scheduling/enqueuer.js'
import { QueueLosses } from '../../scheduling/queue-losses.js'
import { StageQueues } from '../../scheduling/stage-queues.js'
import { createPeople } from '../../people/people.js'
import type { PeopleSettings } from '../../people/settings.js'
import { createSecrets, openKeys } from '../../secrets/open-secrets.js'
import type { HealthCheck, ServerServices } from '../../services.js'
import { createStatusService } from '../../statuses/status-service.js'
import type { Db } from '../../store/database.js'
import { TestDatabase } from '../../testing/test-database.js'
import { Downlink } from '../../uplink/downlink.js'

/** The services, and what tests reach behind them for. */
export interface Composed {
  readonly services: ServerServices
  readonly db: Db
  readonly watcher: LogWatcher
  readonly closers: Closers
}

/** What a test brings along. */
export interface ComposedWith {
  readonly forges?: Forges
  readonly people?: PeopleSettings
  /** Where forges are told to send webhooks; null: nobody has said. */
  readonly hookUrl?: string | null
}

/** The services as compose.ts makes them, in a directory of their own, without the workers behind them. */
export async function composeServices(
  logger: Logger,
  health: readonly HealthCheck[],
  given: ComposedWith = {},
): Promise<Composed> {
  const { forges = new Map(), people = { admins: [], allow: null } } = given
  const { hookUrl = 'https://ci.example.org' } = given
  const closers = new Closers(logger)
  const dataDir = await mkdtemp(join(tmpdir(), 'sandpiper-http-'))
  closers.add('directory', dataDir, (it) => rm(it, { recursive: true }))
  const database = closers.add('database', await TestDatabase.create(), (it) => it.remove())
  const db = await database.open()
  const live = closers.add('logs', new FileLogStore(join(dataDir, 'logs')), (it) => it.close())
  const logs = new ArchivedLogs({ db, live, blobs: new DiskBlobStore(join(dataDir, 'blobs')) })
  const secretKeys = await openKeys({ dataDir, secretKeyFile: join(dataDir, 'server.key') })
  const { box: secrets } = secretKeys
  const mirrors = closers.add('mirrors', createMirrors(join(dataDir, 'mirrors')), (it) =>
    it.close(),
  )
  const watcher = new LogWatcher()
  const child = closers.add('redis', await startPrivateRedis({ dataDir, logger }), (it) =>
    it.close(),
  )
  const connections = redisConnections(child.path, logger)
  const redis = closers.add('connection', connections.failingFast(), closeConnection)
  await waitUntilReady(redis, 5_000)
  const keys = redisKeys('test')
  const { bullPrefix } = keys
  const queues = closers.add('queues', new StageQueues({ redis, bullPrefix, logger }), (it) =>
    it.close(),
  )
  const ingest = closers.add(
    'ingest',
    new IngestQueue({ redis, bullPrefix, attemptsMax: 1, backoffMs: 1 }),
    (it) => it.close(),
  )
  const downlink = new Downlink(redis, keys)
  const system = () => ({ link: 'https://ci.example.org', version: '0.0.0-test' })
  const losses = new QueueLosses({ redis, key: keys.queueMark })
  const enqueuer = new Enqueuer({ db, queues, system, losses, logger })
  const dispatcher = closers.add(
    'dispatcher',
    new Dispatcher({ downlink, enqueuer, queues, watcher, logger }),
    (it) => it.settled(),
  )
  const deliveries = new StoredDeliveryLog({ db, clock, dispatcher, logger })
  const making = { db, clock, dispatcher, ingest: (id: number) => ingest.add([id]) }
  const repos = createRepoService({
    ...{ db, clock, secrets, forges, logs, mirrors, dispatcher, logger },
  })
  const settings = people
  const peopleService = createPeople({ db, clock, secrets, forges, settings, logger })
  closers.add('people', peopleService, (it) => it.settled())
  const services: ServerServices = {
    repos,
    repoHooks: createRepoHooks({
      ...{ repos, db, forges, secrets, logger, tokenOf: personalTokens(peopleService) },
      publicUrl: () => hookUrl,
    }),
    builds: createBuildService({ ...making, queues, deliveries }),
    deliveries,
    crons: createCronService(making),
    traffic: new HookTraffic(),
    forges,
    statuses: createStatusService(db, 'ci'),
    logs: createLogService({ db, logs, watcher, clock }),
    audit: createAuditService(db),
    secrets: createSecrets({
      ...{ keys: secretKeys, db, clock, logger },
      cloneLogin: () => Promise.resolve(null),
    }).service,
    runners: createRunnerService(db, clock),
    metrics: new Metrics(),
    badges: createBadgeService(db),
    people: peopleService,
    health: () => Promise.resolve(health),
  }
  return { services, db, watcher, closers }
}
