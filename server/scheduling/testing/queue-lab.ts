import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { redisKeys } from '../../../protocol/keys.js'
import { IngestQueue } from '../../ingest/ingest-queue.js'
import { LogWatcher } from '../../logs/log-watcher.js'
import type { RedisConnections } from '../../redis/connections.js'
import { closeConnection, redisConnections, waitUntilReady } from '../../redis/connections.js'
import type { PrivateRedis } from '../../redis/private-redis.js'
import { startPrivateRedis } from '../../redis/private-redis.js'
import type { JobSealer } from '../../secrets/job-sealer.js'
import type { BuildRow } from '../../store/builds.js'
import type { Db } from '../../store/database.js'
import { addBuildTo, addRepoTo, stagePlan, storeStages } from '../../testing/plans.js'
import { TestDatabase } from '../../testing/test-database.js'
import { until } from '../../testing/until.js'
import { Downlink } from '../../uplink/downlink.js'
import { UplinkHealth } from '../../uplink/health.js'
import { Backlog } from '../backlog.js'
import { Dispatcher } from '../dispatcher.js'
import { Enqueuer } from '../enqueuer.js'
import { QueueLosses } from '../queue-losses.js'
import { Reconciler } from '../reconciler.js'
import { StageQueues } from '../stage-queues.js'

const logger = pino({ level: 'silent' })

/** Stages that a reconciler of the lab looks at in one round while nothing is known to be lost. */
export const PART_MAX = 3

/** What one server has of queues and of what fills them. */
export interface LabServer {
  readonly queues: StageQueues
  readonly enqueuer: Enqueuer
  readonly backlog: Backlog
  readonly losses: QueueLosses
  readonly dispatcher: Dispatcher
  readonly reconciler: Reconciler
}

/** A database and a Redis of a test's own, and servers that fill its queues. */
export class QueueLab {
  readonly db: Db
  readonly redis: ReturnType<RedisConnections['failingFast']>
  readonly repoId: number
  /** What clocks tell, in milliseconds. */
  now = 1_000
  readonly keys = redisKeys('test')
  readonly ingest: IngestQueue
  /** How jobs are sealed; to be replaced by what fails. */
  seal: JobSealer = () => Promise.resolve(undefined)
  readonly #database: TestDatabase
  readonly #server: PrivateRedis
  readonly #directory: string
  readonly #servers: LabServer[] = []

  private constructor(parts: {
    db: Db
    repoId: number
    database: TestDatabase
    server: PrivateRedis
    directory: string
  }) {
    this.db = parts.db
    this.repoId = parts.repoId
    this.#database = parts.database
    this.#server = parts.server
    this.#directory = parts.directory
    this.redis = redisConnections(parts.server.path, logger).failingFast()
    const { bullPrefix } = this.keys
    this.ingest = new IngestQueue({ redis: this.redis, bullPrefix, attemptsMax: 1, backoffMs: 1 })
  }

  static async create(): Promise<QueueLab> {
    const directory = await mkdtemp(join(tmpdir(), 'sandpiper-queues-'))
    const database = await TestDatabase.create()
    const db = await database.open()
    const repoId = await addRepoTo(db)
    const server = await startPrivateRedis({ dataDir: directory, logger })
    const lab = new QueueLab({ db, repoId, database, server, directory })
    await waitUntilReady(lab.redis, 5_000)
    return lab
  }

  /** One more server on the same database and Redis. */
  server(): LabServer {
    const { db, redis, keys } = this
    const clock = { now: () => this.now }
    const queues = new StageQueues({ redis, bullPrefix: keys.bullPrefix, logger, openMax: 2 })
    const losses = new QueueLosses({ redis, key: keys.queueMark })
    const system = () => ({ link: 'http://ci.example.com', version: '1' })
    const seal: JobSealer = (...job) => this.seal(...job)
    const enqueuer = new Enqueuer({ db, queues, system, seal, losses, logger })
    const backlog = new Backlog({ db, enqueuer, pageSize: 2, partMax: PART_MAX })
    const downlink = new Downlink(redis, keys)
    const dispatcher = new Dispatcher({
      ...{ downlink, enqueuer, queues, watcher: new LogWatcher(), logger },
      onLeft: () => losses.note(),
    })
    const uplink = new UplinkHealth(clock, 1e9)
    uplink.caughtUp()
    const reconciler = new Reconciler({
      ...{ db, clock, backlog, losses, dispatcher, uplink, logger, ingest: this.ingest },
      ...{ leaseMs: 10, intervalMs: 1_000, rowsMax: 2, pendingMs: 60 * 60_000 },
      isRedisReachable: () => queues.isReachable,
    })
    const server = { queues, enqueuer, backlog, losses, dispatcher, reconciler }
    this.#servers.push(server)
    return server
  }

  /** A build of one stage that waits for a runner, and is on no queue. */
  async push(labels: Readonly<Record<string, string>> = {}): Promise<BuildRow> {
    const build = await addBuildTo(this.db, this.repoId)
    await storeStages(this.db, build, [stagePlan({ labels })])
    return build
  }

  /** Starts Redis anew, with what it had; it has another run id then. */
  async restartRedis(): Promise<void> {
    const before = this.#server.pid()
    if (before === undefined) throw new Error('there is no Redis')
    process.kill(before, 'SIGTERM')
    await until(() => this.#server.pid() !== before && this.redis.status === 'ready')
  }

  async remove(): Promise<void> {
    for (const { dispatcher, queues } of this.#servers) {
      await dispatcher.settled()
      await queues.close()
    }
    await this.ingest.close()
    await closeConnection(this.redis)
    await this.#server.close()
    await this.#database.remove()
    await rm(this.#directory, { recursive: true })
  }
}
