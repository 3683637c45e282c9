import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import { wakeIngest } from '../builds/wake-ingest.js'
import type { BuildRow } from '../store/builds.js'
import type { CronRow } from '../store/crons.js'
import { claimTick, dueCrons, updateCron } from '../store/crons.js'
import { inTransaction } from '../store/transaction.js'
import { createCronBuild } from './cron-build.js'
import type { CronOptions } from './cron-service.js'
import { nextTick } from './expression.js'
import { Rounds } from '../rounds.js'

/** Between two looks at what is due, in milliseconds. */
const INTERVAL_MS = 1_000
/** Crons looked at in one round. */
const ROWS_MAX = 500

export interface CronSchedulerOptions extends CronOptions {
  readonly logger: Logger
  readonly intervalMs?: number
}

/**
 * Makes the builds of crons when they are due. Every server does: a tick is a row's due time, and the one that
 * replaces it makes the build, in the same transaction. Ticks that went by while nobody looked make one build.
 */
export class CronScheduler {
  readonly #options: CronSchedulerOptions
  readonly #rounds: Rounds

  constructor(options: CronSchedulerOptions) {
    this.#options = options
    this.#rounds = new Rounds(() => this.#round(), options.intervalMs ?? INTERVAL_MS)
  }

  /** Starts; the first round is at once. */
  start(): void {
    void this.#rounds.start()
  }

  /** Stops after the round that is under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
  }

  /** One round. A cron that fails keeps no other from its build. */
  async tick(): Promise<void> {
    const { db, clock, logger } = this.#options
    for (const cron of await dueCrons(db, clock.now(), ROWS_MAX)) {
      await this.#tickOne(cron).catch((error: unknown) =>
        logger.error({ cronId: cron.id, reason: messageOf(error) }, 'a cron made no build'),
      )
    }
  }

  async #round(): Promise<void> {
    await this.tick().catch((error: unknown) =>
      this.#options.logger.warn({ reason: messageOf(error) }, 'could not look for crons'),
    )
  }

  async #tickOne(cron: CronRow): Promise<void> {
    const { db, clock } = this.#options
    const now = clock.now()
    const next = await this.#nextOf(cron, now)
    if (next === null) return
    const build = await inTransaction(db, async (tx): Promise<BuildRow | null> => {
      if (!(await claimTick(tx, cron, { prev: now, next }))) return null
      return createCronBuild(tx, cron, '@cron', now)
    })
    if (build) wakeIngest(this.#options, build.id)
  }

  /** A time table that this version does not understand is turned off, or it would be due for ever. */
  async #nextOf(cron: CronRow, now: number): Promise<number | null> {
    const { db, logger } = this.#options
    try {
      return nextTick(cron, now)
    } catch (error) {
      logger.error({ cronId: cron.id, reason: messageOf(error) }, 'turned a cron off')
      await updateCron(db, cron.id, { disabled: 1, updated: now })
      return null
    }
  }
}
