import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { RedisKeys } from '../../protocol/keys.js'
import type { DecodedEntry } from './decode-message.js'
import { decodeEntry } from './decode-message.js'
import type { UplinkHealth } from './health.js'
import { Overtaken } from './overtaken.js'
import type { UplinkShares } from './shares.js'

export interface CollectorOptions {
  /** A connection of its own: it blocks. Stays the caller's to close. */
  readonly reader: Redis
  /** For everything else; fails fast. */
  readonly redis: Redis
  readonly keys: RedisKeys
  /** Which uplinks are to be read. */
  readonly shares: Pick<UplinkShares, 'mine' | 'heard'>
  /** Applies a batch, stores it and answers its sessions. Throws to have it again later. */
  readonly applyBatch: (entries: readonly DecodedEntry[]) => Promise<void>
  readonly health: UplinkHealth
  /** How long one read waits for entries, in milliseconds. */
  readonly blockMs: number
  readonly logger: Logger
}

/** Entries taken at a time of all uplinks together, and of each at least. */
const BATCH_MAX = 400
const BATCH_MIN = 64
const RETRY_PAUSE_MS = 500
/** A connection on which a read takes longer, beside its own wait, is dead. */
const REPLY_WITHIN_MS = 10_000

/**
 * Reads what runners send on this server's uplinks, oldest first, for ever. An entry leaves its stream
 * only after it was applied, so whatever a crash interrupts is read again.
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
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#collect()
      } catch (error) {
        this.#failed(error)
        await this.#pause(RETRY_PAUSE_MS)
      }
    }
  }

  async #collect(): Promise<void> {
    const { keys, shares, applyBatch } = this.#options
    const uplinks = shares.mine
    if (uplinks.length === 0) return this.#pause(this.#options.blockMs)
    const countMax = Math.max(BATCH_MIN, Math.ceil(BATCH_MAX / uplinks.length))
    const streams = uplinks.map((uplink) => keys.uplinks[uplink] ?? '')
    const read = await this.#read(streams, countMax)
    if (read === null) return
    const entries = [...read.values()].flat()
    if (entries.length > 0) {
      await applyBatch(this.#decode(entries))
      await this.#remove(read)
    }
    this.#lastFailure = ''
    const isEmpty = (index: number): boolean =>
      (read.get(streams[index] ?? '')?.length ?? 0) < countMax
    shares.heard(uplinks.filter((_, index) => isEmpty(index)))
  }

  /** The oldest entries of each stream that has some; null when the reader is to stop. */
  async #read(streams: readonly string[], countMax: number): Promise<RawBatch | null> {
    const blockMs = this.#isFirst ? 1 : this.#options.blockMs
    const starts = streams.map(() => '0-0')
    const options = ['COUNT', countMax, 'BLOCK', blockMs, 'STREAMS'] as const
    const result = await this.#orStopped(
      this.#options.reader.xread(...options, ...streams, ...starts),
    )
    if (result === 'stopped') return null
    this.#isFirst = false
    return new Map(result ?? [])
  }

  async #remove(read: RawBatch): Promise<void> {
    const pipeline = this.#options.redis.pipeline()
    for (const [stream, entries] of read) pipeline.xdel(stream, ...entries.map(([id]) => id))
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
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
    if (this.#stopping.signal.aborted || error instanceof Overtaken) return
    const { health, logger } = this.#options
    const reason = messageOf(error)
    // It is tried again twice a second, and the disk may be full for hours.
    const level = reason === this.#lastFailure ? 'debug' : 'error'
    this.#lastFailure = reason
    health.failed(reason)
    logger[level]({ err: error }, 'could not apply what runners sent; trying again')
  }
}

/** Entries by the stream that they are on. */
type RawBatch = ReadonlyMap<string, readonly RawEntry[]>
type RawEntry = readonly [id: string, fields: string[]]
