import { NativeError } from '../../native/lib/error.js'
import { isOwnVariable } from '../../pipelines/environment/variables.js'
import type { SandboxStep, StepPlan } from '../../pipelines/plan.js'
import { messageOf, SandpiperError } from '../../protocol/errors.js'
import type { StageJob } from '../../protocol/job.js'
import { refusalOf, refusalText } from '../../protocol/refusal.js'
import type { Status } from '../../protocol/status.js'
import { builderOf } from './builder-of.js'
import type { StageDeps } from './deps.js'
import { inheritedOutputs } from './outputs/inherited.js'
import { attemptName } from '../spool/attempt-file.js'
import { ReadySandboxes } from './ready-sandboxes.js'
import { runStep } from './run-step.js'
import { decide, endable, failedNames, hasFailed, stepNode, type GraphNode } from './schedule.js'
import { NO_SECRETS } from '../secrets/stage-secrets.js'
import { secretVariables } from './secrets.js'
import { pullCredentials } from './pull-credentials.js'
import type { StageSink, StepResult } from './sink.js'
import { StageImages } from './stage-images.js'
import { StageSpace } from './stage-space.js'
import { StepLog } from './step-log.js'
import type { StepOutcome, StepRun } from './step-run.js'
import { StepStop } from './step-stop.js'
import { UsageRecord } from './usage/usage-record.js'
import { describeStop, EXIT_EARLY, stopVerdict, type StopReason } from './verdict.js'
import { sizesInMemory } from './volume-memory.js'

/** How a stage ended: `success`, `failure`, `error` or `killed`, and why. */
export interface StageOutcome {
  readonly status: Status
  readonly error: string
  /** The launcher died under it, or the disk was full before it began: worth another attempt. */
  readonly lost?: boolean
}

/** Ends a running stage from outside; `reason` of the abort signal given to `runStage`. */
export interface StageStop {
  readonly reason: StopReason
  /** Kill without asking first. */
  readonly urgent: boolean
}

/** One stage while it runs: which steps start when, and what becomes of each. */
export class StageRun {
  readonly #nodes: readonly GraphNode[]
  readonly #images: StageImages
  readonly #space: StageSpace
  readonly #ready: ReadySandboxes
  readonly #startedMs = Date.now()
  readonly #ended = new Map<string, Status>()
  readonly #running = new Map<string, StepStop>()
  readonly #tasks = new Set<Promise<void>>()
  readonly #up = new Set<string>()
  readonly #errors = new Map<string, string>()
  readonly #outputs = new Map<string, Readonly<Record<string, string>>>()
  #stopped: StageStop | null = null
  /** The step that ended the stage early, if one did. */
  #endedBy: string | null = null
  #error = ''
  #isLost = false
  #notify: () => void = () => undefined

  constructor(
    readonly job: StageJob,
    readonly deps: StageDeps,
    readonly sink: StageSink,
  ) {
    this.#nodes = job.stage.steps.map(stepNode)
    const { images, layers, hostRoot } = deps
    this.#images = new StageImages({
      ...{ stage: job.stage, images, layers, hostRoot },
      credentials: () => pullCredentials(job.stage, deps.secrets ?? NO_SECRETS),
      onReady: () => this.#expectNext(),
    })
    this.#space = new StageSpace(job, deps, this.#images, (error) => this.#lose(error))
    this.#ready = new ReadySandboxes(deps, this.#images)
  }

  /** Ends what runs and starts nothing more. */
  stop(stop: StageStop): void {
    this.#stopped ??= stop
    for (const step of this.#running.values()) step.stop(stop.reason, { urgent: stop.urgent })
    this.#notify()
  }

  /** Lets nothing of the stage run. */
  refuse(problem: unknown): void {
    this.#fail(new Error(textOf(problem)))
  }

  async run(): Promise<StageOutcome> {
    const endGuard = this.#letEvict()
    try {
      this.#refuse()
      await this.#space.prepare()
      if (this.#stopped === null) this.#images.begin()
      this.#expectNext()
      await this.#runGraph()
    } catch (error) {
      this.#fail(error)
      await Promise.all(this.#tasks)
    }
    await this.#space.close((error) => this.#fail(error))
    await this.#images.close()
    endGuard()
    return this.#outcome()
  }

  /** What the steps share is gone only when all of them have ended. */
  #letEvict(): () => void {
    return this.deps.disk.watch({
      name: attemptName(this.job),
      what: 'the workspace and the volumes of this stage',
      measure: () => this.#space.disk.measure(),
      evict: (reason) => {
        this.#error ||= reason
        this.stop({ reason: { kind: 'evicted', reason }, urgent: true })
      },
    })
  }

  #refuse(): void {
    const { platform } = this.deps
    const refusal = refusalOf(this.job.stage, platform ? { platform } : {})
    if (refusal) this.#fail(new Error(refusalText(refusal)))
    try {
      sizesInMemory(this.job.stage, this.deps.limits)
    } catch (error) {
      this.#fail(new Error(textOf(error)))
    }
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
    await this.#endDetached()
    await Promise.all(this.#tasks)
  }

  /** The detached steps that still run: each when those that depend on it have ended. */
  async #endDetached(): Promise<void> {
    while (this.#running.size > 0) {
      const changed = new Promise<void>((resolve) => (this.#notify = resolve))
      for (const name of endable(this.#nodes, new Set(this.#running.keys()))) {
        this.#running.get(name)?.stop({ kind: 'stage-ended' })
      }
      await changed
    }
  }

  #decide(): ReturnType<typeof decide> {
    return decide(this.#nodes, {
      ...this.#ends(),
      running: new Set(this.#running.keys()),
      stopped: this.#stopped !== null || this.#endedBy !== null,
    })
  }

  #ends(): { readonly ended: ReadonlyMap<string, Status>; readonly up: ReadonlySet<string> } {
    return { ended: this.#ended, up: this.#up }
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
    const usage = new UsageRecord()
    if (step.kind !== 'clone') this.sink.stepUsage?.(number, usage)
    const outcome = await this.#attempt(step, number, stop, usage)
    const { status, exitCode, error, outputs } = outcome
    const result = { step: number, status, exitCode, error, at: Date.now() }
    await this.sink.stepFinished({ ...result, ...usageOf(usage) })
    this.#ended.set(name, status)
    this.#expectNext()
    if (outputs) this.#outputs.set(name, outputs)
    if (status === 'error') this.#errors.set(name, error)
    if (step.kind === 'clone' || step.detach) return
    if (status === 'success' && exitCode === EXIT_EARLY) this.#endedBy ??= name
    if (step.failure === 'fast' && status !== 'success') this.#stopOthers(name)
  }

  async #attempt(
    step: StepPlan,
    number: number,
    stop: StepStop,
    usage: UsageRecord,
  ): Promise<StepOutcome> {
    const log = new StepLog(
      (data, stream) => this.sink.output(number, data, stream),
      (section) => this.sink.section?.(number, section),
    )
    try {
      if (step.kind === 'clone') return await this.#checkOut(number, stop)
      return await this.#runSandbox(step, { number, stop, log, usage })
    } catch (error) {
      return await this.#failedToRun(error, stop, log)
    }
  }

  async #runSandbox(
    step: SandboxStep,
    { number, ...own }: Pick<StepRun, 'number' | 'stop' | 'log' | 'usage'>,
  ): Promise<StepOutcome> {
    const given = this.deps.secrets ?? NO_SECRETS
    const secrets = secretVariables(step, given.ofStep(number))
    for (const warning of secrets.warnings) await own.log.say(`warning: ${warning}`)
    const isTrusted = given.ofStep(number).forImages === true
    const outcome = await runStep(
      {
        ...{ step, number, ...own },
        job: isTrusted ? await this.#withoutParameters(own.log) : this.job,
        failedSteps: failedNames(this.#nodes, this.#ends()),
        inherited: await this.#inherited(step, isTrusted, own.log),
        secrets: secrets.values,
        stageStartedMs: this.#startedMs,
        directory: this.#space.stepDirectory(number),
        openStage: () => this.#space.open(),
        root: () =>
          this.#images.root(step, {
            say: (text) => void own.log.say(text),
            signal: own.stop.signal,
          }),
        onUp: () => this.#markUp(step.name),
      },
      this.deps,
    )
    return withoutSecrets(outcome, own.log, this.deps.masks)
  }

  /** Whoever writes the pipeline has a say in them, so they are not for plugins that are trusted with secrets. */
  async #inherited(
    step: SandboxStep,
    isTrusted: boolean,
    log: StepLog,
  ): Promise<Readonly<Record<string, string>>> {
    const outputs = inheritedOutputs(step.name, this.job.stage.steps, this.#outputs)
    if (!isTrusted || Object.keys(outputs).length === 0) return outputs
    await log.say('warning: outputs of other steps are kept from a step with secrets for its image')
    return {}
  }

  /** Nor are parameters: a file declares them, with defaults, and whoever starts a build gives them. */
  async #withoutParameters(log: StepLog): Promise<StageJob> {
    const { environment } = this.job
    const kept = Object.entries(environment).filter(([name]) => isOwnVariable(name))
    if (kept.length < Object.keys(environment).length) {
      await log.say('warning: parameters are kept from a step with secrets for its image')
    }
    return { ...this.job, environment: Object.fromEntries(kept) }
  }

  async #checkOut(number: number, stop: StepStop): Promise<StepOutcome> {
    const onOutput = (text: string): void => this.#writeLine(number, text)
    const { clone: login = null, cloneProblem = '' } = this.deps.secrets ?? {}
    if (cloneProblem !== '') onOutput(`warning: cloning without a login: ${cloneProblem}`)
    await this.#space.checkOut({ login, onOutput, signal: stop.signal })
    return { status: 'success', exitCode: 0, error: '' }
  }

  /** For the little that a checkout prints; a full sink is not waited for. */
  #writeLine(number: number, text: string): void {
    const line = Buffer.from(text.endsWith('\n') ? text : `${text}\n`)
    try {
      this.sink.output(number, line, 'stdout')?.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The step could not be run, or the checkout failed. */
  async #failedToRun(error: unknown, stop: StepStop, log: StepLog): Promise<StepOutcome> {
    if (stop.reason) return stopVerdict(stop.reason, 0)
    if (this.#isWorthAnother(error)) this.#lose(error)
    const text = textOf(error)
    await log.say(text)
    return { status: 'error', exitCode: 1, error: text }
  }

  /** Whether another attempt at the stage may go better; a full disk only when nothing has run yet. */
  #isWorthAnother(error: unknown): error is Error {
    if (error instanceof NativeError) return error.code === 'SP_NATIVE_LAUNCHER_GONE'
    const isFull = error instanceof SandpiperError && error.code === 'SP_RUNNER_DISK_FULL'
    return isFull && this.#up.size === 0
  }

  async #skip(name: string): Promise<void> {
    this.#ended.set(name, 'skipped')
    const error = this.#reasonToSkip()
    const base = { status: 'skipped', exitCode: 0, usage: null, at: Date.now() } as const
    await this.sink.stepFinished({ step: this.#number(name), error, ...base })
  }

  #reasonToSkip(): string {
    if (this.#stopped) return describeStop(this.#stopped.reason)
    return this.#endedBy === null ? '' : `step ${this.#endedBy} ended the stage (exit code 78)`
  }

  #stopOthers(failed: string): void {
    for (const [name, step] of this.#running) {
      if (name !== failed) step.stop({ kind: 'fast', step: failed })
    }
  }

  /** Lets a sandbox be made ready for the step that comes next, as far as that can be told. */
  #expectNext(): void {
    const next = this.job.stage.steps.find(
      (step) =>
        step.kind !== 'clone' && !this.#ended.has(step.name) && !this.#running.has(step.name),
    )
    const isBuild = next !== undefined && builderOf(next) !== undefined
    const isOver = this.#stopped !== null || next === undefined || next.kind === 'clone' || isBuild
    this.#ready.expect(isOver ? null : next, this.#space.ground())
  }

  #markUp(name: string): void {
    this.#up.add(name)
    this.#expectNext()
    this.#notify()
  }

  /** The runner's own fault: told with the stage, and nothing more is started. */
  #fail(error: unknown): void {
    if (this.#error === '') this.#error = messageOf(error)
    this.stop({ reason: { kind: 'error', reason: this.#error }, urgent: true })
  }

  /** What all steps stand on is gone. */
  #lose(error: Error): void {
    this.#isLost = true
    this.#fail(error)
  }

  #outcome(): StageOutcome {
    if (this.#error !== '') return { status: 'error', error: this.#error, lost: this.#isLost }
    if (this.#stopped) return { status: 'killed', error: describeStop(this.#stopped.reason) }
    if (!hasFailed(this.#nodes, this.#ends())) return { status: 'success', error: '' }
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

/** Outputs are for any step, and a secret for those alone that name it. */
async function withoutSecrets(
  outcome: StepOutcome,
  log: StepLog,
  masks: StageDeps['masks'],
): Promise<StepOutcome> {
  const outputs = Object.entries(outcome.outputs ?? {})
  const secret = outputs.filter(([, value]) => masks?.isIn(value) === true).map(([name]) => name)
  if (secret.length === 0) return outcome
  for (const name of secret) {
    await log.say(`warning: outputs: ${name} has a secret in it and is not handed on`)
  }
  const kept = outputs.filter(([name]) => !secret.includes(name))
  return { ...outcome, outputs: Object.fromEntries(kept) }
}

function usageOf({ report }: UsageRecord): Pick<StepResult, 'usage' | 'series'> {
  return report === null ? { usage: null } : { usage: report.totals, series: report.series }
}

function textOf(error: unknown): string {
  const hint = error instanceof SandpiperError && error.hint !== '' ? `. ${error.hint}` : ''
  return `${messageOf(error)}${hint}`
}
