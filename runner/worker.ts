import { Queue, WaitingError, Worker, type Job } from 'bullmq'
import type { Redis } from 'ioredis'
import type { StageJob } from '../protocol/job.js'
import type { DiskGuard } from './disk-guard/disk-guard.js'
import type { RunnerLog } from './log.js'
import { Outage } from './outage.js'
import { connectFailingFast, connectWaiting } from './redis.js'

/** The server decides whether an attempt is lost; BullMQ's lock only keeps others off meanwhile. */
const LOCK_DURATION_MS = 60_000
const WATCHDOG_INTERVAL_MS = 30_000
/** Idle looks in a row at a queue with waiting jobs before the worker counts as stuck. */
const WATCHDOG_STRIKES = 2
const CLOSE_TIMEOUT_MS = 5000

export interface StageWorkerOptions {
  readonly redisUrl: string
  readonly bullPrefix: string
  /** `stageQueue` of the runner's platform and labels. */
  readonly queueName: string
  readonly capacity: number
  readonly run: (job: StageJob) => Promise<void>
  /** Without room nothing is taken. */
  readonly disk: Pick<DiskGuard, 'look' | 'pressure' | 'onChange'>
  readonly log: RunnerLog
}

/** Takes stages from one queue. */
export class StageWorker {
  readonly #options: StageWorkerOptions
  readonly #redis: { readonly worker: Redis; readonly queue: Redis }
  readonly #queue: Queue
  readonly #watchdog: NodeJS.Timeout
  readonly #running = new Set<Promise<void>>()
  readonly #outage: Outage
  #worker: Worker
  #strikes = 0
  #isClosing = false

  constructor(options: StageWorkerOptions) {
    this.#options = options
    this.#redis = {
      worker: connectWaiting(options.redisUrl),
      queue: connectFailingFast(options.redisUrl),
    }
    for (const redis of Object.values(this.#redis)) redis.on('error', () => undefined)
    this.#outage = new Outage(options.log, 'no stage can be taken from the queue')
    this.#redis.worker.on('ready', () => this.#outage.ended())
    this.#queue = new Queue(options.queueName, {
      connection: this.#redis.queue,
      prefix: options.bullPrefix,
      skipWaitingForReady: true,
    })
    this.#queue.on('error', () => undefined)
    this.#worker = this.#makeWorker()
    options.disk.onChange(() => this.#takeWhileThereIsRoom())
    this.#watchdog = setInterval(() => void this.#look(), WATCHDOG_INTERVAL_MS)
  }

  /** Takes no more jobs; resolves when those that were taken have ended. */
  async drain(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#watchdog)
    this.#worker.pause(true).catch(() => undefined)
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }

  /** Ends the connections; call it after `drain`. */
  async close(): Promise<void> {
    // With Redis away BullMQ would wait for it: a job it could not finish is left to its lock's end.
    const closed = Promise.all([this.#worker.close(), this.#queue.close()])
    await Promise.race([closed.catch(() => undefined), delay(CLOSE_TIMEOUT_MS)])
    for (const redis of Object.values(this.#redis)) redis.disconnect()
  }

  #makeWorker(): Worker {
    const { bullPrefix, capacity, queueName } = this.#options
    const worker = new Worker<StageJob>(queueName, (job, token) => this.#take(job, token), {
      connection: this.#redis.worker,
      prefix: bullPrefix,
      concurrency: capacity,
      lockDuration: LOCK_DURATION_MS,
      maxStalledCount: 0,
      removeOnComplete: { age: 3600, count: 1000 },
      removeOnFail: { age: 86_400, count: 1000 },
    })
    worker.on('error', (error) => this.#outage.failed(error))
    return worker
  }

  #takeWhileThereIsRoom(): void {
    if (this.#isClosing) return
    const isFull = this.#options.disk.pressure !== null
    const done = isFull ? this.#worker.pause(true) : this.#worker.resume()
    done.catch(() => undefined)
  }

  /** A job for which there is no room goes back, for another runner or for when there is. */
  async #take(job: Job<StageJob>, token: string | undefined): Promise<void> {
    if (!this.#isClosing && (await this.#options.disk.look()) !== null) {
      await job.moveToWait(token)
      throw new WaitingError()
    }
    await this.#process(job.data)
  }

  async #process(job: StageJob): Promise<void> {
    if (this.#isClosing) return
    this.#strikes = 0
    assertStageJob(job)
    const running = this.#options.run(job)
    this.#running.add(running)
    try {
      await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * BullMQ workers have been seen to stop taking jobs after an outage of Redis: one that stays idle
   * beside waiting jobs is replaced.
   */
  async #look(): Promise<void> {
    const waiting = await this.#queue.getJobCountByTypes('waiting', 'prioritized').catch(() => 0)
    const mayTake = !this.#isClosing && this.#options.disk.pressure === null
    const isStuck = waiting > 0 && this.#running.size === 0 && mayTake
    this.#strikes = isStuck ? this.#strikes + 1 : 0
    if (this.#strikes < WATCHDOG_STRIKES) return
    this.#strikes = 0
    this.#options.log.warn({ waiting }, 'stage queue does not move: starting its worker anew')
    this.#worker.close(true).catch(() => undefined)
    this.#worker = this.#makeWorker()
  }
}

/** Ids end up in paths: what is no number is refused. */
function assertStageJob(job: StageJob): void {
  const isSound = Number.isSafeInteger(job.stageId) && Number.isSafeInteger(job.attempt)
  if (!isSound) throw new TypeError('not a stage job: its ids are no integers')
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
