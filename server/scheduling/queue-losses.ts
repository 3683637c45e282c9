import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

/** What `QueueLosses.look` saw. */
export interface QueueLook {
  /** True when entries of queues may be gone since the last look that was settled, or when there was none. */
  readonly isLoss: boolean
  /** Names what was seen, for `settle`. */
  readonly seen: string
}

/**
 * Tells whether entries of the queues may be gone, so that nobody has to ask for each of thousands again and again.
 * Beside the queues there is a mark: it goes with them when Redis is flushed or comes back without its files. It comes
 * back with older ones of them; but then Redis was started anew, or is another one, and has another run id. What this
 * process knows itself, that an entry did not get to its queue or was taken from it, is noted. Each server keeps its
 * own account, so that each one sees every loss, whoever of them makes the new mark.
 */
export class QueueLosses {
  readonly #redis: Redis
  readonly #key: string
  #noted = 0
  #connected = 0
  #settled: string | undefined

  /** `redis` must fail fast, and stays the caller's to close. */
  constructor(options: {
    readonly redis: Redis
    /** `RedisKeys.queueMark` */
    readonly key: string
  }) {
    this.#redis = options.redis
    this.#key = options.key
    this.#redis.on('ready', () => (this.#connected += 1))
  }

  /** Notes that something may not be on its queue. */
  note(): void {
    this.#noted += 1
  }

  /** Notes that entries were taken from a queue which have to come back; the other servers see it too. */
  async declare(): Promise<void> {
    this.note()
    await this.#redis.del(this.#key)
  }

  /** @throws when Redis is away */
  async look(): Promise<QueueLook> {
    const noted = this.#noted
    await this.#redis.set(this.#key, randomUUID(), 'NX')
    const [mark, run] = await Promise.all([this.#redis.get(this.#key), this.#runId()])
    const seen = JSON.stringify([mark, run, noted])
    return { seen, isLoss: seen !== this.#settled }
  }

  /** To be called when everything that was missing at that look is back on its queue. */
  settle({ seen }: QueueLook): void {
    this.#settled = seen
  }

  /** Where a user may not ask for it, every new connection may be one to a Redis that was started anew. */
  async #runId(): Promise<string> {
    const connection = String(this.#connected)
    const info = await this.#redis.info('server').catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'ReplyError') throw error
      return ''
    })
    return /^run_id:(\w+)/m.exec(info)?.[1] ?? connection
  }
}
