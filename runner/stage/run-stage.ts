import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { NativeError } from '../../native/lib/error.js'
import type { Stage } from '../../native/lib/types.js'
import type { StepPlan } from '../../pipelines/plan.js'
import { messageOf, SandpiperError } from '../../protocol/errors.js'
import type { StageJob } from '../../protocol/job.js'
import type { Status } from '../../protocol/status.js'
import type { IdRange } from '../ids.js'
import { attemptName } from '../spool/attempt-file.js'
import { armDeadline } from './deadline.js'
import type { StageDeps } from './deps.js'
import { runCommands, type StepOutcome, type StepRun } from './run-commands.js'
import { decide, failedNames, hasFailed, stepNode, type GraphNode } from './schedule.js'
import type { StageSink } from './sink.js'
import { makeOverlayDirs } from './step-files.js'
import { StepStop } from './step-stop.js'
import { systemMessage } from './system-message.js'
import { describeStop, stopVerdict, type StopReason } from './verdict.js'
import type { WorkspaceTree } from './workspace.js'

const NEWLINE = 0x0a

/** How a stage ended: `success`, `failure`, `error` or `killed`, and why. */
export interface StageOutcome {
  readonly status: Status
  readonly error: string
  /** The launcher died under it: nobody's fault, and worth another attempt. */
  readonly lost?: boolean
}

/** Ends a running stage from outside; `reason` of the abort signal given to `runStage`. */
export interface StageStop {
  readonly reason: StopReason
  /** Kill without asking first. */
  readonly urgent: boolean
}

/**
 * Runs one stage to its end and leaves nothing of it behind. What the steps do, and what goes wrong
 * in making their sandboxes, is told to the sink and never thrown. Abort `signal` with a `StageStop`.
 */
export async function runStage(
  job: StageJob,
  deps: StageDeps,
  sink: StageSink,
  signal: AbortSignal,
): Promise<StageOutcome> {
  const run = new StageRun(job, deps, sink)
  const onAbort = (): void => run.stop(stageStopOf(signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const { timeoutMs } = job
  const stop: StageStop = { reason: { kind: 'time', limitMs: timeoutMs }, urgent: false }
  const timer = armDeadline(timeoutMs, () => run.stop(stop))
  try {
    return await run.run()
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

class StageRun {
  readonly #nodes: readonly GraphNode[]
  readonly #directory: string
  readonly #startedMs = Date.now()
  readonly #ended = new Map<string, Status>()
  readonly #running = new Map<string, StepStop>()
  readonly #tasks = new Set<Promise<void>>()
  readonly #up = new Set<string>()
  readonly #errors = new Map<string, string>()
  #stopped: StageStop | null = null
  #error = ''
  #isLost = false
  #tree: WorkspaceTree | null = null
  #ids: IdRange | null = null
  #stage: Promise<Stage> | null = null
  #notify: () => void = () => undefined

  constructor(
    readonly job: StageJob,
    readonly deps: StageDeps,
    readonly sink: StageSink,
  ) {
    this.#nodes = job.stage.steps.map(stepNode)
    this.#directory = path.join(deps.stagesDir, attemptName(job))
  }

  /** Ends what runs and starts nothing more. */
  stop(stop: StageStop): void {
    this.#stopped ??= stop
    for (const step of this.#running.values()) step.stop(stop.reason, { urgent: stop.urgent })
    this.#notify()
  }

  async run(): Promise<StageOutcome> {
    try {
      await this.deps.trash.discard(this.#directory)
      await mkdir(this.#directory, { recursive: true, mode: 0o700 })
      await this.#runGraph()
    } catch (error) {
      this.#fail(error)
      await Promise.all(this.#tasks)
    }
    await this.#cleanUp()
    return this.#outcome()
  }

  async #runGraph(): Promise<void> {
    for (;;) {
      const changed = new Promise<void>((resolve) => (this.#notify = resolve))
      const decision = this.#decide()
      for (const name of decision.start) this.#start(name)
      for (const name of decision.skip) await this.#skip(name)
      if (decision.start.length + decision.skip.length > 0) continue
      if (!this.#hasForeground() && !this.#hasWaiting()) break
      await changed
    }
    for (const step of this.#running.values()) step.stop({ kind: 'stage-ended' })
    await Promise.all(this.#tasks)
  }

  #decide(): ReturnType<typeof decide> {
    return decide(this.#nodes, {
      ended: this.#ended,
      running: new Set(this.#running.keys()),
      up: this.#up,
      stopped: this.#stopped !== null,
    })
  }

  #hasForeground(): boolean {
    return this.#nodes.some((node) => !node.detach && this.#running.has(node.name))
  }

  /** Waiting for a detached step that is not up yet counts too. */
  #hasWaiting(): boolean {
    return this.#nodes.some(({ name }) => !this.#ended.has(name) && !this.#running.has(name))
  }

  #start(name: string): void {
    const stop = new StepStop(this.deps.limits.graceMs)
    this.#running.set(name, stop)
    const task = this.#runStep(name, stop)
      .catch((error: unknown) => {
        this.#ended.set(name, 'error')
        this.#fail(error)
      })
      .finally(() => {
        this.#running.delete(name)
        this.#tasks.delete(task)
        this.#notify()
      })
    this.#tasks.add(task)
  }

  async #runStep(name: string, stop: StepStop): Promise<void> {
    const step = this.#step(name)
    const number = this.#number(name)
    this.sink.stepStarted(number, Date.now())
    const outcome = await this.#attempt(step, number, stop)
    const { status, exitCode, error, usage } = outcome
    await this.sink.stepFinished({ step: number, status, exitCode, error, usage, at: Date.now() })
    this.#ended.set(name, status)
    if (status === 'error') this.#errors.set(name, outcome.error)
    const isFast = step.kind !== 'clone' && step.failure === 'fast' && !step.detach
    if (isFast && status !== 'success') this.#stopOthers(name)
  }

  async #attempt(step: StepPlan, number: number, stop: StepStop): Promise<StepOutcome> {
    const directory = path.join(this.#directory, 'steps', String(number))
    const log = { isMidLine: false }
    const write = (data: Buffer): Promise<void> | undefined => {
      if (data.length > 0) log.isMidLine = data.at(-1) !== NEWLINE
      return this.sink.output(number, data)
    }
    try {
      if (step.kind === 'clone') return await this.#checkOut(number, stop)
      if (step.kind === 'entrypoint') throw new Error('not there yet')
      const run: StepRun = {
        job: this.job,
        step,
        number,
        failedSteps: failedNames(this.#nodes, this.#ended),
        stageStartedMs: this.#startedMs,
        directory,
        stop,
        write,
        stage: () => this.#openStage(),
        onUp: () => this.#markUp(step.name),
      }
      const outcome = await runCommands(run, this.deps)
      for (const warning of outcome.warnings ?? []) {
        const line = systemMessage(`warning: ${warning}`)
        await write(log.isMidLine ? Buffer.concat([Buffer.from('\n'), line]) : line)
      }
      return outcome
    } catch (error) {
      return await this.#failedToRun(error, stop, write)
    } finally {
      await this.deps.trash.discard(directory)
    }
  }

  async #checkOut(number: number, stop: StepStop): Promise<StepOutcome> {
    const directory = path.join(this.#directory, 'checkout')
    await mkdir(directory, { mode: 0o755 })
    this.#tree = await this.deps.workspace({
      job: this.job,
      directory,
      onOutput: (text) => this.#writeLine(number, text),
      signal: stop.signal,
    })
    return { status: 'success', exitCode: 0, error: '', usage: null }
  }

  /** For the little that a checkout prints; a full sink is not waited for. */
  #writeLine(number: number, text: string): void {
    const line = Buffer.from(text.endsWith('\n') ? text : `${text}\n`)
    try {
      this.sink.output(number, line)?.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The step could not be run, or the checkout failed. */
  async #failedToRun(
    error: unknown,
    stop: StepStop,
    write: (data: Buffer) => Promise<void> | undefined,
  ): Promise<StepOutcome> {
    if (stop.reason) return { ...stopVerdict(stop.reason, 0), usage: null }
    if (error instanceof NativeError && error.code === 'SP_NATIVE_LAUNCHER_GONE') {
      this.#isLost = true
      this.#fail(error)
    }
    const hint = error instanceof SandpiperError && error.hint !== '' ? `. ${error.hint}` : ''
    const text = `${messageOf(error)}${hint}`
    await write(systemMessage(text))
    return { status: 'error', exitCode: 1, error: text, usage: null }
  }

  async #skip(name: string): Promise<void> {
    this.#ended.set(name, 'skipped')
    const error = this.#stopped ? describeStop(this.#stopped.reason) : ''
    const base = { status: 'skipped', exitCode: 0, usage: null, at: Date.now() } as const
    await this.sink.stepFinished({ step: this.#number(name), error, ...base })
  }

  #stopOthers(failed: string): void {
    for (const [name, step] of this.#running) {
      if (name !== failed) step.stop({ kind: 'fast', step: failed })
    }
  }

  #markUp(name: string): void {
    this.#up.add(name)
    this.#notify()
  }

  #openStage(): Promise<Stage> {
    this.#stage ??= this.#createStage()
    return this.#stage
  }

  async #createStage(): Promise<Stage> {
    const tree = this.#tree ?? (await this.#emptyTree())
    const overlay = await makeOverlayDirs(path.join(this.#directory, 'workspace'))
    this.#ids = await this.deps.ids.acquire()
    const { start, count } = this.#ids
    const workspace = { lowers: [tree], ...overlay }
    return this.deps.launcher.createStage({ ids: { start, count }, workspace })
  }

  async #emptyTree(): Promise<WorkspaceTree> {
    const directory = path.join(this.#directory, 'empty')
    await mkdir(directory, { mode: 0o755 })
    return { path: directory }
  }

  /** Each part whether or not the one before could be done: a dead launcher has left no mounts. */
  async #cleanUp(): Promise<void> {
    const stage = await this.#stage?.catch(() => undefined)
    await stage?.destroy().catch((error: unknown) => this.#fail(error))
    await this.#ids?.release().catch((error: unknown) => this.#fail(error))
    await this.deps.trash.discard(this.#directory).catch((error: unknown) => this.#fail(error))
  }

  /** The runner's own fault: told with the stage, and nothing more is started. */
  #fail(error: unknown): void {
    if (this.#error === '') this.#error = messageOf(error)
    this.stop({ reason: { kind: 'error', reason: this.#error }, urgent: true })
  }

  #outcome(): StageOutcome {
    if (this.#error !== '') return { status: 'error', error: this.#error, lost: this.#isLost }
    if (this.#stopped) return { status: 'killed', error: describeStop(this.#stopped.reason) }
    if (!hasFailed(this.#nodes, this.#ended)) return { status: 'success', error: '' }
    for (const node of this.#nodes) {
      const error = node.ignoreFailure ? undefined : this.#errors.get(node.name)
      if (error !== undefined) return { status: 'error', error: `step ${node.name}: ${error}` }
    }
    return { status: 'failure', error: '' }
  }

  #step(name: string): StepPlan {
    const step = this.job.stage.steps.find((candidate) => candidate.name === name)
    if (!step) throw new Error(`no step ${name} in stage ${this.job.stage.name}`)
    return step
  }

  #number(name: string): number {
    const step = this.job.steps.find((candidate) => candidate.name === name)
    if (!step) throw new Error(`no number for step ${name} of stage ${this.job.stage.name}`)
    return step.number
  }
}

function stageStopOf(signal: AbortSignal): StageStop {
  const stop = signal.reason as StageStop | undefined
  if (stop && typeof stop === 'object' && 'reason' in stop && 'urgent' in stop) return stop
  return { reason: { kind: 'cancelled', reason: '' }, urgent: false }
}
