import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { BlobStore } from '../blobs/blob-store.js'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import { tryClaim } from '../store/claims.js'
import type { Db } from '../store/database.js'
import type { LogArchiver } from './archiver.js'
import type { LogStore } from './log-store.js'
import { applyRetention } from './retention.js'
import type { KeepLimits } from './retention.js'
import { sweepBlobs } from './sweep-blobs.js'
import type { SweepPlace } from './sweep-blobs.js'

/** Between two rounds; and how long what one server did in a round is not for another one. */
const ROUND_MS = 30_000
const RETENTION_MS = 10 * 60_000
const SWEEP_MS = 15 * 60_000

export interface LogKeeperOptions {
  readonly db: Db
  readonly logs: LogStore
  /** Null where logs stay where they grow. */
  readonly archive: { readonly archiver: LogArchiver; readonly blobs: BlobStore } | null
  readonly keep: KeepLimits
  readonly clock: Clock
  readonly logger: Logger
  readonly roundMs?: number
}

/** Archives logs, removes what need not be kept and what is nobody's, in the background, on whichever server. */
export class LogKeeper {
  readonly #options: LogKeeperOptions
  readonly #holder = randomUUID()
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #sweepPlace: SweepPlace = null

  constructor(options: LogKeeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Stops after what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  /** Does one round of each work that is due. */
  async round(): Promise<void> {
    await this.#try('archive logs', () => this.#archive())
    await this.#try('remove old builds and logs', () => this.#retain())
    await this.#try('sweep the archive', () => this.#sweep())
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const { roundMs = ROUND_MS } = this.#options
    const pause = async (): Promise<boolean> => {
      await sleep(roundMs, undefined, { signal, ref: false }).catch(() => undefined)
      return !signal.aborted
    }
    while (await pause()) await this.round()
  }

  async #archive(): Promise<void> {
    const { signal } = this.#stopping
    const { archive } = this.#options
    if (archive === null) return
    while (!signal.aborted && (await archive.archiver.archiveSome(signal)) > 0);
  }

  async #retain(): Promise<void> {
    const { db, logs, keep: defaults, clock, logger } = this.#options
    if (!(await this.#claim('retention', RETENTION_MS))) return
    const { signal } = this.#stopping
    const removed = await applyRetention({ db, logs, defaults, now: clock.now(), signal })
    if (removed.builds + removed.logs > 0) logger.info(removed, 'removed what need not be kept')
  }

  async #sweep(): Promise<void> {
    const { db, archive, clock, logger } = this.#options
    if (archive === null || !(await this.#claim('blob sweep', SWEEP_MS))) return
    const { removed, next } = await sweepBlobs(db, archive.blobs, clock.now(), this.#sweepPlace)
    this.#sweepPlace = next
    if (removed > 0) logger.warn({ removed }, 'removed blobs that nothing names')
  }

  /** The claim outlives the work: until it ends, the work is not due again, whoever did it. */
  async #claim(name: string, forMs: number): Promise<boolean> {
    const { db, clock } = this.#options
    const now = clock.now()
    // A holder of one time only, so that the server that had it last waits like the others.
    const holder = `${this.#holder} ${now}`
    return tryClaim(db, { name, holder, until: now + forMs }, now)
  }

  async #try(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.logger.error({ reason: messageOf(error) }, `could not ${what}`)
    }
  }
}
