import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../protocol/errors.js'
import type { LogSection, LogStream } from '../../protocol/log-record.js'
import type { AttemptMessage, LogSummary } from '../../protocol/uplink.js'
import type { RunnerLog } from '../log.js'
import { writeAttemptFile } from '../spool/attempt-file.js'
import { StepSpool } from '../spool/step-spool.js'
import type { StageOutcome } from '../stage/run-stage.js'
import type { StageSink, StepResult, UsageSource } from '../stage/sink.js'
import type { Lane } from './lane.js'
import type { Uplink } from './uplink.js'

const EMPTY_LOG: LogSummary = {
  bytes: 0,
  lines: 0,
  sha256: createHash('sha256').digest('hex'),
}

export interface AttemptReportOptions {
  readonly lane: Lane
  readonly uplink: Uplink
  /** Spool directory of this attempt; must not exist. */
  readonly directory: string
  readonly log: RunnerLog
}

/** Reports one attempt of a stage to the server: logs through spool files, state through the lane. */
export class AttemptReport implements StageSink {
  readonly #options: AttemptReportOptions
  readonly #spools = new Map<number, StepSpool>()
  readonly #states: AttemptMessage[] = []
  #isFinished = false
  #saving: Promise<void> = Promise.resolve()

  private constructor(options: AttemptReportOptions) {
    this.#options = options
  }

  static async open(options: AttemptReportOptions): Promise<AttemptReport> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 })
    const report = new AttemptReport(options)
    report.#save()
    await report.#saving
    return report
  }

  stepStarted(step: number, at: number): void {
    const { lane, uplink, directory } = this.#options
    const file = path.join(directory, `${step}.ndjson`)
    const now = (): number => performance.now()
    const spool = new StepSpool({ file, now, onGrow: () => uplink.wake() })
    this.#spools.set(step, spool)
    this.#put({ type: 'step.started', ...lane.ref, step, at })
    lane.openLog(step, spool)
  }

  stepUsage(step: number, usage: UsageSource): void {
    const { lane, uplink } = this.#options
    uplink.openUsage({ ...lane.ref, step }, usage)
  }

  output(step: number, data: Buffer, stream: LogStream): Promise<void> | undefined {
    return this.#spools.get(step)?.write(data, stream)
  }

  section(step: number, section: LogSection): void {
    this.#spools.get(step)?.begin(section)
  }

  async stepFinished(result: StepResult): Promise<void> {
    const { lane, uplink } = this.#options
    uplink.closeUsage({ ...lane.ref, step: result.step })
    const log = (await this.#spools.get(result.step)?.end()) ?? EMPTY_LOG
    const message: AttemptMessage = { type: 'step.finished', ...lane.ref, ...result, log }
    lane.endLog(result.step, message)
    uplink.wake()
    this.#remember(message)
  }

  /** The last message of an attempt that came to its end. */
  finished({ status, error }: StageOutcome): void {
    this.#isFinished = true
    const { ref } = this.#options.lane
    this.#put({ type: 'stage.finished', ...ref, status, error, at: Date.now() })
  }

  /** The last message of an attempt that this runner gives up, so that another one can have the stage. */
  abandoned(reason: string): void {
    this.#isFinished = true
    this.#put({ type: 'stage.abandoned', ...this.#options.lane.ref, reason })
  }

  /** Waits until the server has everything, then forgets it. */
  async settle(): Promise<void> {
    await this.#options.uplink.acknowledged(this.#options.lane)
    await this.discard()
  }

  /** Forgets everything about the attempt, on disk too. */
  async discard(): Promise<void> {
    const { uplink, lane, directory } = this.#options
    uplink.closeLane(lane)
    await this.close()
    await rm(directory, { recursive: true, force: true })
  }

  /** Closes the files and leaves them to a successor. */
  async close(): Promise<void> {
    await this.#saving
    const { lane, uplink } = this.#options
    for (const [step, spool] of this.#spools) {
      uplink.closeUsage({ ...lane.ref, step })
      await spool.close()
    }
  }

  #put(message: AttemptMessage): void {
    this.#options.lane.state(message)
    this.#options.uplink.wake()
    this.#remember(message)
  }

  #remember(message: AttemptMessage): void {
    this.#states.push(message)
    this.#save()
  }

  #save(): void {
    const { lane, uplink, directory, log } = this.#options
    const states = [...this.#states]
    const file = { ...lane.ref, session: uplink.session, states, finished: this.#isFinished }
    this.#saving = this.#saving
      .then(() => writeAttemptFile(directory, file))
      .catch((error: unknown) =>
        log.warn({ ...lane.ref, error: messageOf(error) }, 'could not write the attempt file'),
      )
  }
}
