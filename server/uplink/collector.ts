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
  /** How long one read waits for entries, in milliseconds. */
  readonly blockMs: number
  readonly logger: Logger
}

/** Entries taken at a time. */
const BATCH_MAX = 200
const RETRY_PAUSE_MS = 500
/** A connection on which a read takes longer, beside its own wait, is dead. */
const REPLY_WITHIN_MS = 10_000

/**
 * Reads what runners send, oldest first, for ever. An entry leaves the stream only after it was
 * applied, so whatever a crash interrupts is read again.
 */
export class Collector {
  readonly #options: CollectorOptions
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  /** The first read tells at once whether there is something to catch up with. */
  #isFirst = true
  #lastFailure = ''

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.reader.on('close', () => this.#options.health.failed('Redis is away'))
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
    this.#lastFailure = ''
    if (raw.length < BATCH_MAX) health.caughtUp()
  }

  /** The oldest entries; null when the reader is to stop. */
  async #read(): Promise<readonly RawEntry[] | null> {
    const { reader, keys } = this.#options
    const blockMs = this.#isFirst ? 1 : this.#options.blockMs
    const reply = reader.xread(
      ...(['COUNT', BATCH_MAX, 'BLOCK', blockMs, 'STREAMS', keys.uplink, '0-0'] as const),
    )
    const result = await this.#orStopped(reply)
    if (result === 'stopped') return null
    this.#isFirst = false
    return result?.[0]?.[1] ?? []
  }

  /**
   * Waits for a reply no longer than a reader may: while Redis is away it never comes, and over a
   * connection whose other end is gone without a word it never would.
   */
  async #orStopped<T>(reply: Promise<T>): Promise<T | 'stopped'> {
    const timer = new AbortController()
    const signal = AbortSignal.any([timer.signal, this.#stopping.signal])
    const withinMs = this.#options.blockMs + REPLY_WITHIN_MS
    const late = sleep(withinMs, 'late' as const, { signal }).catch(() => 'stopped' as const)
    const result = await Promise.race([reply, late]).finally(() => timer.abort())
    if (result === 'late' || result === 'stopped') reply.catch(() => undefined)
    if (result !== 'late') return result
    this.#options.reader.disconnect(true)
    throw new Error(`Redis did not answer within ${withinMs} ms`)
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
    const { health, logger } = this.#options
    const reason = messageOf(error)
    // It is tried again twice a second, and the disk may be full for hours.
    const level = reason === this.#lastFailure ? 'debug' : 'error'
    this.#lastFailure = reason
    health.failed(reason)
    logger[level]({ err: error }, 'could not apply what runners sent; trying again')
  }
}

type RawEntry = readonly [id: string, fields: string[]]
