import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { RedisKeys } from '../../protocol/keys.js'
import type { DecodedEntry } from './decode-message.js'
import { decodeEntry } from './decode-message.js'
import type { UplinkHealth } from './health.js'

export interface CollectorOptions {
  /** A connection of its own: it blocks. Stays the caller's to close. */
  readonly reader: Redis
  /** For everything else; fails fast. */
  readonly redis: Redis
  readonly keys: RedisKeys
  /** Applies a batch, stores it and answers its sessions. Throws to have it again later. */
  readonly applyBatch: (entries: readonly DecodedEntry[]) => Promise<void>
  readonly health: UplinkHealth
  readonly logger: Logger
}

/** Entries taken at a time. */
const BATCH_MAX = 200
/** How long one read waits for entries; also how long `stop` may take. */
export const READ_BLOCK_MS = 1_000
const RETRY_PAUSE_MS = 500

/**
 * Reads what runners send, oldest first, for ever. An entry leaves the stream only after it was
 * applied, so whatever a crash interrupts is read again.
 */
export class Collector {
  readonly #options: CollectorOptions
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Stops after the batch that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#collect()
      } catch (error) {
        this.#failed(error)
        await sleep(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #collect(): Promise<void> {
    const { keys, redis, health, applyBatch } = this.#options
    const raw = await this.#read()
    if (raw === null) return
    if (raw.length > 0) {
      await applyBatch(this.#decode(raw))
      await redis.xdel(keys.uplink, ...raw.map(([id]) => id))
    }
    if (raw.length < BATCH_MAX) health.caughtUp()
  }

  /** The oldest entries; null when the reader is to stop. */
  async #read(): Promise<readonly RawEntry[] | null> {
    const { reader, keys } = this.#options
    const reply = reader.xread(
      ...(['COUNT', BATCH_MAX, 'BLOCK', READ_BLOCK_MS, 'STREAMS', keys.uplink, '0-0'] as const),
    )
    const stopped = onAbort(this.#stopping.signal)
    const result = await Promise.race([reply, stopped.promise]).finally(stopped.dispose)
    if (result === 'aborted') {
      // While Redis is away the reply may not come before the connection is closed.
      reply.catch(() => undefined)
      return null
    }
    return result?.[0]?.[1] ?? []
  }

  #decode(raw: readonly RawEntry[]): DecodedEntry[] {
    const { logger } = this.#options
    return raw.flatMap(([id, fields]) => {
      const entry = decodeEntry(fields)
      if (!entry) {
        logger.error({ entry: id }, 'dropped an uplink entry that is none')
        return []
      }
      const { session, seq } = entry
      if (!entry.message) logger.error({ entry: id, session, seq }, 'an uplink message is unknown')
      return [entry]
    })
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    this.#options.health.failed(messageOf(error))
    this.#options.logger.error({ err: error }, 'could not apply what runners sent; trying again')
  }
}

type RawEntry = readonly [id: string, fields: string[]]

function onAbort(signal: AbortSignal): {
  readonly promise: Promise<'aborted'>
  readonly dispose: () => void
} {
  let listener = (): void => undefined
  const promise = new Promise<'aborted'>((resolve) => {
    listener = () => resolve('aborted')
    signal.addEventListener('abort', listener)
    if (signal.aborted) listener()
  })
  return { promise, dispose: () => signal.removeEventListener('abort', listener) }
}
