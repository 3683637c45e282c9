import { Queue, Worker } from 'bullmq'
import type { Job } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { IngestJob } from '../../protocol/keys.js'
import { INGEST_QUEUE } from '../../protocol/keys.js'

/** Builds compiled at the same time. */
const CONCURRENCY = 4
/** A server that is killed costs its ingest jobs this long, in milliseconds. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** Ingest may be done again any number of times; a build is not lost for a server that is. */
const STALLED_MAX = 1_000

export interface IngestQueueOptions {
  /** Fails fast; stays the caller's to close. */
  readonly redis: Redis
  readonly bullPrefix: string
  readonly attemptsMax: number
  /** The first pause between two tries; each next one is twice as long. */
  readonly backoffMs: number
}

/** Asks for builds to be compiled. */
export class IngestQueue {
  readonly #options: IngestQueueOptions
  #queue: Queue<IngestJob> | undefined

  constructor(options: IngestQueueOptions) {
    this.#options = options
  }

  /** Puts builds on the queue that are not on it. */
  async add(buildIds: readonly number[]): Promise<void> {
    const { redis, attemptsMax, backoffMs } = this.#options
    // BullMQ would wait for it to come back, however long that takes.
    if (redis.status !== 'ready') throw new Error('Redis is away')
    const queue = (this.#queue ??= this.#open())
    try {
      for (const buildId of buildIds) {
        await queue.add(
          'ingest',
          { buildId },
          {
            jobId: `ingest-${buildId}`,
            attempts: attemptsMax,
            backoff: { type: 'exponential', delay: backoffMs },
            removeOnComplete: true,
            removeOnFail: true,
          },
        )
      }
    } catch (error) {
      // A queue whose first contact with Redis failed stays broken for ever.
      if (this.#queue === queue) this.#queue = undefined
      queue.close().catch(() => undefined)
      throw error
    }
  }

  /**
   * Puts back what the queue has lost. One that has work has its jobs, most likely, and asking for each of thousands
   * would take the time that they need; what is missing is put back when it has run empty.
   */
  async restore(buildIds: readonly number[]): Promise<void> {
    if (this.#options.redis.status !== 'ready') throw new Error('Redis is away')
    if ((await this.#queue?.getWaitingCount()) ?? 0) return
    await this.add(buildIds)
  }

  async close(): Promise<void> {
    await this.#queue?.close().catch(() => undefined)
  }

  #open(): Queue<IngestJob> {
    const { redis, bullPrefix } = this.#options
    const queue = new Queue<IngestJob>(INGEST_QUEUE, { connection: redis, prefix: bullPrefix })
    // What fails is thrown by `add` as well.
    queue.on('error', () => undefined)
    return queue
  }
}

/** One try of compiling a build. */
export interface IngestTry {
  readonly buildId: number
  /** True when there will be no other. */
  readonly isLast: boolean
}

/** Takes builds from the queue. `ingest` throws to be called again later. */
export function startIngestWorker(options: {
  /** Waits while Redis is away; stays the caller's to close. */
  readonly redis: Redis
  readonly bullPrefix: string
  readonly ingest: (attempt: IngestTry) => Promise<void>
  readonly logger: Logger
}): { close(): Promise<void> } {
  const { redis, bullPrefix, ingest, logger } = options
  const underWay = new Set<Promise<void>>()
  const run = async ({ data, attemptsMade, opts }: Job<IngestJob>): Promise<void> => {
    const isLast = attemptsMade + 1 >= (opts.attempts ?? 1)
    const work = ingest({ buildId: data.buildId, isLast })
    underWay.add(work)
    await work.finally(() => underWay.delete(work))
  }
  const worker = new Worker<IngestJob>(INGEST_QUEUE, run, {
    connection: redis,
    prefix: bullPrefix,
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
  })
  worker.on('error', (error) => logger.debug({ reason: messageOf(error) }, 'ingest worker'))
  return {
    async close() {
      // Without force it would wait for Redis to come back, to tell it of the jobs' ends.
      await worker.close(redis.status !== 'ready')
      await Promise.allSettled(underWay)
    },
  }
}
