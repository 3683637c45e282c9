import path from 'node:path'
import type { Sandbox, SandboxExit, UsageSample } from '../../native/lib/types.js'
import { messageOf } from '../../protocol/errors.js'
import { publishStep } from '../build/publish/publish-step.js'
import type { DiskGuard } from '../disk-guard/disk-guard.js'
import { describePressure } from '../disk-guard/free-space.js'
import { COUNTED_INTERFACES } from '../network/firewall.js'
import { armDeadline } from './deadline.js'
import type { StageDeps } from './deps.js'
import { watchDisk } from './disk-watch.js'
import { awaitReady } from './health/await-ready.js'
import { readOutputs } from './outputs/read-outputs.js'
import { prepareStep, type PreparedStep } from './prepare-step.js'
import { pumpOutput, type PumpOptions } from './pump.js'
import type { StepRun, TryOutcome } from './step-run.js'
import type { StepStop } from './step-stop.js'
import { EXIT_EARLY, verdictOf, type Verdict } from './verdict.js'

/**
 * Runs a step once, in a sandbox of its own on a fresh writable layer; its output goes to its log to the
 * last byte that the step wrote before this resolves.
 * @throws SandpiperError or NativeError when the sandbox can't be made.
 */
export async function tryStep(
  run: StepRun,
  tryNumber: number,
  deps: StageDeps,
): Promise<TryOutcome> {
  const directory = path.join(run.directory, String(tryNumber))
  try {
    await deps.disk.assertRoom(run.stop.signal)
    const prepared = await prepareStep(run, tryNumber, directory, deps)
    const warnings = tryNumber === 1 ? prepared.open.network.warningsOf(run.step.name) : []
    for (const warning of warnings) await run.log.say(`warning: ${warning}`)
    run.stop.signal.throwIfAborted()
    run.usage.beginTry()
    const onUsage = (sample: UsageSample): void => {
      run.usage.add(sample)
      prepared.disk.told(sample.layerBytes)
      prepared.open.disk.told(sample.workspaceBytes)
    }
    const sandbox = await prepared.open.stage.start({
      ...prepared.spec,
      ...{ onUsage, usageInterfaces: COUNTED_INTERFACES, separateErrors: true },
    })
    run.usage.started()
    const outcome = await new Try(run, prepared, sandbox, deps.disk).run()
    if (outcome.status === 'success') await publish(run, prepared, directory, deps)
    return outcome
  } finally {
    await deps.trash.discard(directory)
  }
}

/** What a step wrote to its root becomes an image where it asks for that. */
async function publish(
  run: StepRun,
  { published, open, limits }: PreparedStep,
  directory: string,
  deps: StageDeps,
): Promise<void> {
  const plan = run.step.kind === 'commands' ? run.step.publish : undefined
  if (plan === undefined || published === null) return
  await publishStep({ run, plan, ids: open.stageIds, limits, directory, ...published }, deps)
}

class Try {
  readonly #stop: StepStop
  readonly #ended = new AbortController()
  #wasUp = false

  constructor(
    readonly step: StepRun,
    readonly prepared: PreparedStep,
    readonly sandbox: Sandbox,
    readonly disk: DiskGuard,
  ) {
    this.#stop = step.stop.forTry()
    this.#stop.attach(sandbox)
  }

  async run(): Promise<TryOutcome> {
    const timer = this.#armTimeout()
    const endWatch = this.#watchDisk()
    const endGuard = this.#letEvict()
    const ready = this.#becomeUp()
    try {
      this.step.log.restart()
      const pumped = pumpOutput(this.sandbox, this.#pumpOptions())
      const exit = await this.sandbox.exit
      this.#ended.abort()
      this.step.usage.endTry(exit)
      await Promise.all([pumped, ready])
      this.prepared.open.disk.told(exit.workspaceLayer?.bytes)
      const verdict = await this.#explain(this.#verdict(exit))
      await this.#tell(verdict)
      const stop = this.#stop.reason
      const outcome = { ...verdict, stop, wasUp: this.#wasUp }
      return { ...outcome, ...(await this.#outputs(exit)) }
    } finally {
      this.#ended.abort()
      clearTimeout(timer)
      endWatch()
      endGuard()
      this.#stop.done()
      await ready
    }
  }

  #armTimeout(): NodeJS.Timeout | undefined {
    const limitMs = this.prepared.limits.stepTimeoutMs
    if (limitMs === undefined) return undefined
    return armDeadline(limitMs, () => this.#stop.stop({ kind: 'time', limitMs, ofStep: true }))
  }

  #watchDisk(): () => void {
    return watchDisk({
      directories: this.prepared.sized,
      pid: this.sandbox.pid,
      onFull: ({ what, limitBytes }, usedBytes) =>
        this.#stop.stop({ kind: 'disk', what, limitBytes, usedBytes }, { urgent: true }),
    })
  }

  #letEvict(): () => void {
    const { disk } = this.prepared
    return this.disk.watch({
      name: this.sandbox.name,
      what: 'the writable layer of this step',
      measure: () => disk.measure(),
      evict: (reason) => this.#stop.stop({ kind: 'evicted', reason }, { urgent: true }),
    })
  }

  #pumpOptions(): PumpOptions {
    return {
      log: this.step.log,
      limits: this.prepared.limits,
      onLimit: (limit) => this.#stop.stop({ kind: 'output', limit }, { urgent: true }),
      onFailure: (error) => this.#fail(error),
    }
  }

  #fail(error: unknown): void {
    const reason = `the log can't be written: ${messageOf(error)}`
    this.#stop.stop({ kind: 'error', reason }, { urgent: true })
  }

  /** A detached step with a health check is up when it has passed, every other one when it runs. */
  async #becomeUp(): Promise<void> {
    const plan = this.prepared.readiness
    if (plan === null) {
      this.#markUp()
      return
    }
    try {
      const readiness = await awaitReady({
        sandbox: this.sandbox,
        plan,
        exec: this.prepared.health,
        signal: this.#ended.signal,
        say: (text) => this.step.log.say(text),
      })
      if (readiness === 'ready') this.#markUp()
      else if (plan.implied === true) await this.#goOnUnready(readiness)
      else if (readiness !== 'gone') this.#stop.stop({ kind: 'not-ready', ...readiness })
    } catch (error) {
      this.#fail(error)
    }
  }

  async #goOnUnready(readiness: 'gone' | { readonly reason: string }): Promise<void> {
    if (readiness !== 'gone') await this.step.log.say(`warning: ${readiness.reason}; going on`)
    if (this.#stop.reason === null) this.#markUp()
  }

  #markUp(): void {
    this.#wasUp = true
    this.step.onUp()
  }

  #verdict(exit: SandboxExit): Verdict {
    const verdict = verdictOf(exit, this.#stop.reason, this.prepared.limits)
    if (this.#wasUp || this.#stop.reason !== null) return verdict
    const how = verdict.error === '' ? `exit code ${verdict.exitCode}` : verdict.error
    return { ...verdict, status: 'failure', error: `ended before it was ready: ${how}` }
  }

  /** What fails while the disk is full may have failed for that. */
  async #explain(verdict: Verdict): Promise<Verdict> {
    const pressure = verdict.status === 'failure' ? await this.disk.look() : null
    if (pressure === null) return verdict
    return { ...verdict, error: `${verdict.error}; ${describePressure(pressure)}` }
  }

  /** Tells in the log itself what the exit code alone does not. */
  async #tell(verdict: Verdict): Promise<void> {
    const { log, step } = this.step
    const reason = this.#stop.reason
    if (reason?.kind === 'error') return
    if (verdict.error !== '') await log.say(verdict.error)
    if (reason?.kind === 'stage-ended') await log.say('ended: the other steps are done')
    if (reason === null && step.detach && this.#wasUp) {
      await log.say(`ended by itself with exit code ${verdict.exitCode}; the stage goes on`)
    }
    if (reason === null && !step.detach && verdict.exitCode === EXIT_EARLY) {
      await log.say('exit code 78: the stage ends here as a success, later steps are skipped')
    }
    for (const warning of verdict.warnings ?? []) await log.say(`warning: ${warning}`)
  }

  /** Also of a step that failed: what it knows of its failure may be what later ones need. */
  async #outputs({ outputFile }: SandboxExit): Promise<Pick<TryOutcome, 'outputs'>> {
    const { log, step, job } = this.step
    if (step.detach || outputFile === null) return {}
    if (outputFile instanceof Error) throw outputFile
    const taken = new Set(Object.keys(job.environment))
    const { values, problems } = readOutputs(outputFile, taken)
    for (const problem of problems) await log.say(`warning: outputs: ${problem}`)
    const names = Object.keys(values)
    if (names.length === 0) return {}
    await log.say(`outputs: ${names.join(', ')}`)
    return { outputs: values }
  }
}
