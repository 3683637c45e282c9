import path from 'node:path'
import type { SandboxExit, SandboxSpec, UsageSample } from '../../../native/lib/types.js'
import type { StepLimits } from '../../config.js'
import { COUNTED_INTERFACES } from '../../network/firewall.js'
import { cgroupLimits } from '../../stage/cgroup-limits.js'
import type { StageDeps } from '../../stage/deps.js'
import { DiskMeter } from '../../stage/disk-meter.js'
import { watchDisk } from '../../stage/disk-watch.js'
import { OutputMeter } from '../../stage/output-meter.js'
import { pumpOutput } from '../../stage/pump.js'
import { readOutput } from '../../stage/read-output.js'
import { rlimitsOf } from '../../stage/rlimits.js'
import type { OpenStage } from '../../stage/stage-space.js'
import type { StepRun } from '../../stage/step-run.js'
import type { StepStop } from '../../stage/step-stop.js'
import { messageOf } from '../../../protocol/errors.js'

/** What the sandboxes of one build have in common: everything a step has. */
export interface GroundOptions {
  readonly run: StepRun
  readonly open: OpenStage
  readonly deps: StageDeps
  readonly limits: StepLimits
  /** Directory of this build alone. */
  readonly directory: string
  readonly stop: StepStop
}

/** One sandbox of a build: what differs from the others. */
export type BuildSandboxSpec = Pick<SandboxSpec, 'argv' | 'env' | 'cwd' | 'binds' | 'root'> &
  Partial<
    Pick<
      SandboxSpec,
      'user' | 'network' | 'tmpfs' | 'workspaceTarget' | 'outputFile' | 'separateErrors'
    >
  > & {
    /** Directory whose size is watched. */
    readonly watched?: string
    /** The stage to be in; default the one of the step. */
    readonly stage?: OpenStage['stage']
  }

/**
 * Starts the sandboxes of a build, one at a time: with the user namespace, the limits and the system call
 * filter of a step, and ended by whatever ends the step.
 */
export class BuildGround {
  readonly options: GroundOptions
  readonly #meter: OutputMeter
  #count = 0

  constructor(options: GroundOptions) {
    this.options = options
    this.#meter = new OutputMeter(options.limits)
  }

  get signal(): AbortSignal {
    return this.options.stop.signal
  }

  /** A directory of its own for each who asks; not made. */
  newDirectory(): string {
    return path.join(this.options.directory, String(++this.#count))
  }

  get hostname(): string {
    const { job, number } = this.options.run
    return `sandpiper-${String(job.stageId)}-${String(number)}`
  }

  /** Runs a program whose output is the step's. */
  async run(spec: BuildSandboxSpec): Promise<SandboxExit> {
    const { stop, run, limits } = this.options
    return this.#with({ ...spec, separateErrors: true }, async (sandbox) => {
      run.log.restart()
      const pumped = pumpOutput(sandbox, {
        log: run.log,
        limits,
        meter: this.#meter,
        onLimit: (limit) => stop.stop({ kind: 'output', limit }, { urgent: true }),
        onFailure: (error) => this.#fail(error),
      })
      const exit = await sandbox.exit
      await pumped
      return exit
    })
  }

  /** Runs a program of ours, whose output goes to `use`, and is whole when that resolves. */
  async read<T>(
    spec: BuildSandboxSpec,
    use: (output: AsyncIterable<Buffer>, exit: Promise<SandboxExit>) => Promise<T>,
  ): Promise<T> {
    return this.#with(spec, async (sandbox) => {
      try {
        return await use(readOutput(sandbox.output, sandbox.exit), sandbox.exit)
      } finally {
        sandbox.kill()
        sandbox.output.destroy()
        await sandbox.exit
      }
    })
  }

  async #with<T>(
    spec: BuildSandboxSpec,
    work: (sandbox: Awaited<ReturnType<OpenStage['stage']['start']>>) => Promise<T>,
  ): Promise<T> {
    const { stop, run, open, deps } = this.options
    stop.signal.throwIfAborted()
    run.usage.beginTry()
    const { watched, stage = open.stage, ...own } = spec
    const sandbox = await stage.start({ ...this.#common(), ...own })
    stop.attach(sandbox)
    const meter = new DiskMeter(watched === undefined ? [] : [watched])
    const releases = [
      watchDisk({
        directories: watched === undefined ? [] : [this.#sized(watched)],
        pid: sandbox.pid,
        onFull: ({ what, limitBytes }, usedBytes) =>
          stop.stop({ kind: 'disk', what, limitBytes, usedBytes }, { urgent: true }),
      }),
      deps.disk.watch({
        name: sandbox.name,
        what: 'what this step builds',
        measure: () => meter.measure(),
        evict: (reason) => stop.stop({ kind: 'evicted', reason }, { urgent: true }),
      }),
    ]
    try {
      return await work(sandbox)
    } finally {
      const exit = await sandbox.exit
      run.usage.endTry(exit)
      for (const release of releases) release()
      stop.done()
    }
  }

  #common(): Omit<SandboxSpec, keyof BuildSandboxSpec> & Partial<SandboxSpec> {
    const { run, limits, open } = this.options
    const { job, number, step } = run
    const { network, shmBytes } = this.#shape(open)
    return {
      name: `s${String(job.stageId)}-${String(job.attempt)}-${String(number)}-b${String(++this.#count)}`,
      hostname: this.hostname,
      limits: cgroupLimits(limits),
      rlimits: rlimitsOf(limits.openFiles, step.resources?.openFiles !== undefined),
      usageInterfaces: COUNTED_INTERFACES,
      onUsage: (sample: UsageSample) => run.usage.add(sample),
      ...(network === undefined ? {} : { network }),
      ...(shmBytes === undefined ? {} : { shmBytes }),
    }
  }

  #shape({ network }: OpenStage): Partial<Pick<SandboxSpec, 'network' | 'shmBytes'>> {
    const { step } = this.options.run
    if (step.network === 'none') return { network: 'none' }
    const own = network.plan.members.find((member) => member.step === step.name)
    return own === undefined ? {} : { network: { name: own.network } }
  }

  #sized(directory: string): Parameters<typeof watchDisk>[0]['directories'][number] {
    return { directory, limitBytes: this.options.limits.diskBytes, what: 'disk', isRoot: true }
  }

  #fail(error: unknown): void {
    const reason = `the log can't be written: ${messageOf(error)}`
    this.options.stop.stop({ kind: 'error', reason }, { urgent: true })
  }
}
