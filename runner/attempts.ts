import { setMaxListeners } from 'node:events'
import path from 'node:path'
import { attemptKey, type Cancel } from '../protocol/downlink.js'
import { messageOf } from '../protocol/errors.js'
import type { StageJob } from '../protocol/job.js'
import type { AttemptRef } from '../protocol/uplink.js'
import type { RunnerLog } from './log.js'
import { attemptName } from './spool/attempt-file.js'
import type { StageDeps } from './stage/deps.js'
import { runStage, type StageStop } from './stage/run-stage.js'
import { AttemptReport } from './uplink/attempt-report.js'
import type { Lane } from './uplink/lane.js'
import type { Uplink } from './uplink/uplink.js'

export interface AttemptsOptions {
  readonly deps: StageDeps
  readonly uplink: Uplink
  readonly spoolDir: string
  readonly log: RunnerLog
}

interface Attempt {
  readonly lane: Lane
  readonly controller: AbortController
  isStale: boolean
}

/** The attempts that this runner has taken: asks for each, runs it, reports it. */
export class Attempts {
  readonly #options: AttemptsOptions
  readonly #active = new Map<string, Attempt>()
  readonly #settling = new Set<Promise<void>>()
  readonly #givingUp = new AbortController()
  #abandonReason: string | null = null
  readonly #running = new Set<StageJob>()

  constructor(options: AttemptsOptions) {
    this.#options = options
    // Every attempt listens to it for a while.
    setMaxListeners(0, this.#givingUp.signal)
  }

  /** The stages whose steps run now. */
  get running(): readonly StageJob[] {
    return [...this.#running]
  }

  /**
   * Runs one attempt; resolves when everything about it is handed out for sending. Does nothing when
   * the server does not grant it, or when it is here already.
   */
  async run(job: StageJob): Promise<void> {
    const key = attemptKey(job)
    if (this.#active.has(key) || this.#abandonReason !== null) return
    const { stageId, attempt: number } = job
    const lane = this.#options.uplink.openLane({ stageId, attempt: number })
    const attempt = { lane, controller: new AbortController(), isStale: false }
    this.#active.set(key, attempt)
    try {
      if (await this.#claim(attempt)) await this.#runClaimed(job, attempt)
      else this.#forget(lane)
    } finally {
      this.#active.delete(key)
    }
  }

  /** Ends every running stage without asking; they are reported as abandoned. */
  abandon(reason: string): void {
    this.#abandonReason ??= reason
    const stop: StageStop = { reason: { kind: 'error', reason }, urgent: true }
    for (const { controller } of this.#active.values()) controller.abort(stop)
  }

  /** Waits for nothing any more: what is not sent stays on disk. */
  giveUp(): void {
    this.#givingUp.abort()
  }

  /** Resolves when the server has acknowledged everything of the attempts that have ended. */
  async settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.all(this.#settling)
  }

  /** Asks the server; false also when the runner is told to end meanwhile. */
  async #claim(attempt: Attempt): Promise<boolean> {
    const { uplink, log } = this.#options
    const claim = uplink.claim(attempt.lane, (cancel) => this.#onCancel(attempt, cancel))
    const answer = await orAborted(claim, this.#givingUp.signal)
    if (answer?.granted) return true
    if (answer) log.info({ ...attempt.lane.ref, reason: answer.reason }, 'stage was not granted')
    return false
  }

  async #runClaimed(job: StageJob, attempt: Attempt): Promise<void> {
    const { deps, uplink, spoolDir, log } = this.#options
    const { lane, controller } = attempt
    const directory = path.join(spoolDir, attemptName(lane.ref))
    log.info({ ...lane.ref, stage: job.stage.name, repo: job.repo.slug }, 'stage starts')
    const report = await AttemptReport.open({ lane, uplink, directory, log })
    this.#running.add(job)
    const outcome = await runStage(job, deps, report, controller.signal)
    this.#running.delete(job)
    log.info({ ...lane.ref, status: outcome.status, error: outcome.error }, 'stage has ended')
    if (this.#abandonReason !== null) report.abandoned(this.#abandonReason)
    else if (outcome.lost) report.abandoned(outcome.error)
    else report.finished(outcome)
    this.#settle(report, attempt)
    await orAborted(lane.idle(), this.#givingUp.signal)
  }

  /** The lease is renewed until the end is acknowledged: the log may take its time to travel. */
  #settle(report: AttemptReport, attempt: Attempt): void {
    const { uplink, log } = this.#options
    const acknowledged = attempt.isStale ? report.discard() : report.settle()
    const done = orAborted(
      acknowledged.then(() => true),
      this.#givingUp.signal,
    )
    const settled: Promise<void> = done
      .then((isDone) => (isDone === null ? report.close() : undefined))
      .catch((error: unknown) =>
        log.warn({ ...attempt.lane.ref, error: messageOf(error) }, 'could not remove a spool'),
      )
      .finally(() => {
        uplink.release(attempt.lane.ref)
        this.#settling.delete(settled)
      })
    this.#settling.add(settled)
  }

  #onCancel(attempt: Attempt, cancel: Cancel): void {
    this.#options.log.info({ ...attempt.lane.ref, ...cancel }, 'stage is to stop')
    if (cancel.kind === 'stale') {
      attempt.isStale = true
      this.#options.uplink.closeLane(attempt.lane)
    }
    const { reason } = cancel
    const urgent = cancel.kind === 'stale'
    const stop: StageStop = { reason: { kind: 'cancelled', reason }, urgent }
    attempt.controller.abort(stop)
  }

  #forget(lane: Lane): void {
    const ref: AttemptRef = lane.ref
    this.#options.uplink.closeLane(lane)
    this.#options.uplink.release(ref)
  }
}

/** What the promise brings, or null once the signal is aborted. Leaves no listener behind. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let onAbort: () => void = () => undefined
  const aborted = new Promise<null>((resolve) => (onAbort = () => resolve(null)))
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
