import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { Clock } from '../clock.js'
import type { OpenBuild } from '../store/builds.js'
import { openBuilds, uningestedBuilds } from '../store/builds.js'
import { Rounds } from '../rounds.js'
import type { Db } from '../store/database.js'
import type { LeasedStage } from '../store/stages.js'
import { findStageById, stagesWithLeaseBefore } from '../store/stages.js'
import type { UplinkHealth } from '../uplink/health.js'
import { advanceBuild } from './advance.js'
import type { Backlog } from './backlog.js'
import type { Dispatcher } from './dispatcher.js'
import { DueBuilds } from './due.js'
import type { Effects } from './effects.js'
import { endUnclaimed } from './end-unclaimed.js'
import { expireApprovals } from './expire-approvals.js'
import { loseAttempt } from './lose-attempt.js'
import type { QueueLosses } from './queue-losses.js'
import { transact } from './transact.js'

export interface ReconcilerOptions {
  readonly db: Db
  readonly clock: Clock
  readonly backlog: Backlog
  readonly losses: QueueLosses
  readonly dispatcher: Dispatcher
  readonly ingest: {
    /** Puts builds on the ingest queue that are not on it. */
    add(buildIds: readonly number[]): Promise<void>
    /** The same, if there is a sign that some are not. */
    restore(buildIds: readonly number[]): Promise<void>
  }
  /** Called now and then amid much work, to let others go first. Default: nobody is waited for. */
  readonly pause?: () => Promise<void>
  readonly uplink: UplinkHealth
  readonly isRedisReachable: () => boolean
  readonly leaseMs: number
  readonly intervalMs: number
  readonly logger: Logger
  /** Builds looked at in one round; the next one goes on behind them. Default: 500. */
  readonly rowsMax?: number
  /** How long a stage waits for a runner, in milliseconds. Default: a day. */
  readonly pendingMs?: number
}

/** Rows looked at in one round. */
const ROWS_MAX = 1_000
/** Open builds looked at in one round, those of them that are looked at closely, and how many of these without a pause. */
const BUILDS_MAX = 500
const CLOSELY_MAX = 100
const AT_ONCE = 10
const PENDING_MS = 24 * 60 * 60_000

/**
 * Makes the world agree with the database, again and again: whatever should be queued and is not is
 * queued, stages whose runner is lost get another attempt. With it no message, no queue entry and no
 * moment of a crash is needed for a build to end. When queues may have lost something, all that waits is looked at
 * in the next round (see `QueueLosses`); else a part of it, so that a long backlog costs no more than a short one, and
 * whatever else was lost is found after some rounds.
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
    await this.#part('fill the queues', () => this.#fillQueues())
  }

  /** @returns true when it worked */
  async #part(name: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      this.#options.logger.warn({ part: name, reason: messageOf(error) }, 'reconciler')
      return false
    }
  }

  async #fillQueues(): Promise<void> {
    const { losses, backlog } = this.#options
    const look = await losses.look()
    const builds = await this.#part('queue builds to ingest', () =>
      look.isLoss ? this.#ingestAll() : this.#restoreIngest(),
    )
    const stages = await this.#part('queue stages', () =>
      look.isLoss ? backlog.all() : backlog.some(),
    )
    if (builds && stages) losses.settle(look)
  }

  async #restoreIngest(): Promise<void> {
    const ids = await uningestedBuilds(this.#options.db, ROWS_MAX)
    if (ids.length > 0) await this.#options.ingest.restore(ids)
  }

  async #ingestAll(): Promise<void> {
    const { db, ingest } = this.#options
    let ids = await uningestedBuilds(db, ROWS_MAX)
    for (let last = ids.at(-1); last !== undefined; last = ids.at(-1)) {
      await ingest.add(ids)
      ids = await uningestedBuilds(db, ROWS_MAX, last)
    }
  }

  /** Every change of a stage advances its build in the same transaction; this is the second net. */
  async #advanceBuilds(): Promise<void> {
    const { db, rowsMax = BUILDS_MAX } = this.#options
    const builds = await openBuilds(db, rowsMax, this.#advancedId)
    const candidates = builds.filter(({ is_at_work }) => is_at_work === 0)
    const closely = candidates.slice(0, CLOSELY_MAX)
    const isEnd = builds.length < rowsMax && closely.length === candidates.length
    const last = closely.length < candidates.length ? closely.at(-1) : builds.at(-1)
    this.#advancedId = isEnd ? 0 : (last?.id ?? 0)
    await this.#advanceDue(closely)
  }

  async #advanceDue(builds: readonly OpenBuild[]): Promise<void> {
    const { db, clock, dispatcher } = this.#options
    const due = new DueBuilds(db)
    for (const [index, { id, repo_id }] of builds.entries()) {
      if (index % AT_ONCE === 0) await this.#options.pause?.()
      await this.#part(`advance build ${id}`, async () => {
        if (!(await due.isDue(id))) return
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
