import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import { openBuilds, uningestedBuilds } from '../store/builds.js'
import { Rounds } from '../rounds.js'
import type { Db } from '../store/database.js'
import type { LeasedStage } from '../store/stages.js'
import { findStageById, stagesWithLeaseBefore } from '../store/stages.js'
import type { UplinkHealth } from '../uplink/health.js'
import { advanceBuild } from './advance.js'
import type { Dispatcher } from './dispatcher.js'
import type { Effects } from './effects.js'
import type { Enqueuer } from './enqueuer.js'
import { endUnclaimed } from './end-unclaimed.js'
import { expireApprovals } from './expire-approvals.js'
import { loseAttempt } from './lose-attempt.js'
import { transact } from './transact.js'

export interface ReconcilerOptions {
  readonly db: Db
  readonly clock: Clock
  readonly enqueuer: Enqueuer
  readonly dispatcher: Dispatcher
  /** Puts builds on the ingest queue that are not on it. */
  readonly ingest: (buildIds: readonly number[]) => Promise<void>
  readonly uplink: UplinkHealth
  readonly isRedisReachable: () => boolean
  readonly leaseMs: number
  readonly intervalMs: number
  readonly logger: Logger
  /** Builds advanced in one round; the next one goes on behind them. Default: 1000. */
  readonly rowsMax?: number
  /** How long a stage waits for a runner, in milliseconds. Default: a day. */
  readonly pendingMs?: number
}

/** Rows looked at in one round. */
const ROWS_MAX = 1_000
/** Builds advanced in one round: each is a transaction, and webhooks wait meanwhile. */
const ADVANCED_MAX = 100
const PENDING_MS = 24 * 60 * 60_000

/**
 * Makes the world agree with the database, again and again: whatever should be queued and is not is
 * queued, stages whose runner is lost get another attempt. With it no message, no queue entry and no
 * moment of a crash is needed for a build to end.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #rounds: Rounds
  /** The build that the last round ended with. */
  #advancedId = 0

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#rounds = new Rounds(() => this.reconcile(), options.intervalMs)
  }

  /** Starts; the first round is at once. */
  start(): void {
    void this.#rounds.start()
  }

  /** Stops after the round that is under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop()
  }

  /** One round. A part that fails does not keep the others from their work. */
  async reconcile(): Promise<void> {
    await this.#part('end leases', () => this.#endLeases())
    await this.#part('end stages that nobody takes', () => this.#endUnclaimed())
    await this.#part('end what nobody approves', () => this.#expireApprovals())
    await this.#part('advance builds', () => this.#advanceBuilds())
    if (!this.#options.isRedisReachable()) return
    await this.#part('queue builds to ingest', () => this.#queueIngest())
    await this.#part('queue stages', () => this.#options.enqueuer.enqueueAll())
  }

  async #part(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.logger.warn({ part: name, reason: messageOf(error) }, 'reconciler')
    }
  }

  async #queueIngest(): Promise<void> {
    const ids = await uningestedBuilds(this.#options.db, ROWS_MAX)
    if (ids.length > 0) await this.#options.ingest(ids)
  }

  /** Every change of a stage advances its build in the same transaction; this is the second net. */
  async #advanceBuilds(): Promise<void> {
    const { db, clock, dispatcher } = this.#options
    const rowsMax = this.#options.rowsMax ?? ADVANCED_MAX
    const builds = await openBuilds(db, rowsMax, this.#advancedId)
    this.#advancedId = builds.length < rowsMax ? 0 : (builds.at(-1)?.id ?? 0)
    for (const { id, repo_id } of builds) {
      await this.#part(`advance build ${id}`, async () => {
        const now = clock.now()
        const advance = (tx: Db, effects: Effects) => advanceBuild(tx, id, now, effects)
        dispatcher.dispatch(await transact(db, now, advance, [repo_id]))
      })
    }
  }

  async #endLeases(): Promise<void> {
    const { db, clock, uplink, leaseMs } = this.#options
    const healthySince = uplink.healthySince()
    const now = clock.now()
    // Runners get a whole lease to be heard again after we were deaf.
    if (healthySince === null || now < healthySince + leaseMs) return
    for (const stage of await stagesWithLeaseBefore(db, now)) await this.#endLease(stage)
  }

  /** The time counts only while we hear: a server that comes back gives runners all of it. */
  async #endUnclaimed(): Promise<void> {
    const { db, clock, uplink, dispatcher, pendingMs = PENDING_MS } = this.#options
    const healthySince = uplink.healthySince()
    const now = clock.now()
    if (healthySince === null || now < healthySince + pendingMs) return
    await endUnclaimed(db, now, pendingMs, (effects) => dispatcher.dispatch(effects))
  }

  async #expireApprovals(): Promise<void> {
    const { db, clock, dispatcher } = this.#options
    await expireApprovals(db, clock.now(), (effects) => dispatcher.dispatch(effects))
  }

  async #endLease({ id: stageId, attempt, repo_id: repoId }: LeasedStage): Promise<void> {
    const { db, clock, dispatcher, logger } = this.#options
    const now = clock.now()
    const effects = await transact(
      db,
      now,
      async (tx, effects) => {
        const stage = await findStageById(tx, stageId)
        const isStill = stage?.status === 'running' && stage.attempt === attempt
        if (!stage || !isStill || stage.lease_until >= now) return
        const reason = `no heartbeat from runner ${stage.machine}`
        logger.warn({ stageId, attempt, machine: stage.machine }, 'a lease ended')
        await loseAttempt(tx, stage, reason, now, effects)
      },
      [repoId],
    )
    dispatcher.dispatch(effects)
  }
}
