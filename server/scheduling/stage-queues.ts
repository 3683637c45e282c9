import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { StageJob } from '../../protocol/job.js'
import { stageJobId } from '../../protocol/job.js'

/** Names an attempt on its queue. */
export interface QueuedAttempt {
  /** `stageQueue` of its platform and labels. */
  readonly queue: string
  readonly stageId: number
  readonly attempt: number
}

/** Queues kept open. */
const OPEN_MAX = 100

/** The queues that runners take stages from, one per platform and labels. They hold nothing that the database
 * does not have; a job that is there already is not added again. */
export class StageQueues {
  readonly #redis: Redis
  readonly #bullPrefix: string
  readonly #logger: Logger
  readonly #openMax: number
  /** The one used last is the last. */
  readonly #queues = new Map<string, Queue<StageJob>>()

  /** `redis` must fail fast, and stays the caller's to close. */
  constructor(options: {
    readonly redis: Redis
    readonly bullPrefix: string
    readonly logger: Logger
    /** Queues kept open for the next use. Default: 100. */
    readonly openMax?: number
  }) {
    this.#redis = options.redis
    this.#bullPrefix = options.bullPrefix
    this.#logger = options.logger
    this.#openMax = options.openMax ?? OPEN_MAX
  }

  /** Names of the queues that are open, the one used last at the end. */
  get open(): readonly string[] {
    return [...this.#queues.keys()]
  }

  /** False while Redis is away: then there is no use in trying. */
  get isReachable(): boolean {
    return this.#redis.status === 'ready'
  }

  /** Those of the attempts that have no job. */
  async missing<T extends QueuedAttempt>(attempts: readonly T[]): Promise<T[]> {
    const pipeline = this.#redis.pipeline()
    for (const attempt of attempts) pipeline.exists(this.#jobKey(attempt))
    const results = (await pipeline.exec()) ?? []
    for (const [error] of results) if (error) throw error
    return attempts.filter((_, index) => results[index]?.[1] === 0)
  }

  /** Puts a job on a queue; the lowest priority, from 1, is taken first. */
  async add(name: string, job: StageJob, priority: number): Promise<void> {
    await this.#withQueue(name, (queue) =>
      queue.add('stage', job, {
        jobId: stageJobId(job.stageId, job.attempt),
        attempts: 1,
        priority,
        removeOnComplete: true,
        removeOnFail: true,
      }),
    )
  }

  /** How many jobs are taken before each attempt's; null for one that is not waiting on its queue. */
  async ahead(attempts: readonly QueuedAttempt[]): Promise<readonly (number | null)[]> {
    const pipeline = this.#redis.pipeline()
    for (const { queue, stageId, attempt } of attempts) {
      pipeline.zrank(`${this.#bullPrefix}:${queue}:prioritized`, stageJobId(stageId, attempt))
    }
    const results = (await pipeline.exec()) ?? []
    return results.map(([error, rank]) => (error || typeof rank !== 'number' ? null : rank))
  }

  /** Takes a job from its queue, unless a runner has it already. */
  async remove(attempt: QueuedAttempt): Promise<void> {
    const id = stageJobId(attempt.stageId, attempt.attempt)
    await this.#withQueue(attempt.queue, (queue) => queue.remove(id))
  }

  /** Takes every job from a queue that no runner has. */
  async drain(name: string): Promise<void> {
    await this.#withQueue(name, (queue) => queue.drain())
  }

  async close(): Promise<void> {
    const queues = [...this.#queues.values()]
    this.#queues.clear()
    await Promise.allSettled(queues.map((queue) => queue.close()))
  }

  /** BullMQ keeps a job's data in a hash of that name (its `QueueKeys`). */
  #jobKey(attempt: QueuedAttempt): string {
    const id = stageJobId(attempt.stageId, attempt.attempt)
    return `${this.#bullPrefix}:${attempt.queue}:${id}`
  }

  async #withQueue<T>(name: string, work: (queue: Queue<StageJob>) => Promise<T>): Promise<T> {
    // BullMQ would wait for it to come back, however long that takes.
    if (!this.isReachable) throw new Error('Redis is away')
    const queue = this.#take(name)
    try {
      return await work(queue)
    } catch (error) {
      // A queue whose first contact with Redis failed stays broken for ever.
      if (this.#queues.get(name) === queue) this.#queues.delete(name)
      queue.close().catch(() => undefined)
      throw error
    }
  }

  /** Whoever can push names queues: those that were not used for longest are closed. */
  #take(name: string): Queue<StageJob> {
    const queue = this.#queues.get(name) ?? this.#open(name)
    this.#queues.delete(name)
    this.#queues.set(name, queue)
    for (const [oldest, idle] of this.#queues) {
      if (this.#queues.size <= this.#openMax) break
      this.#queues.delete(oldest)
      // Commands under way are on the shared connection, which stays open.
      idle.close().catch(() => undefined)
    }
    return queue
  }

  #open(name: string): Queue<StageJob> {
    const queue = new Queue<StageJob>(name, { connection: this.#redis, prefix: this.#bullPrefix })
    queue.on('error', (error) =>
      this.#logger.debug({ queue: name, reason: messageOf(error) }, 'stage queue'),
    )
    return queue
  }
}
