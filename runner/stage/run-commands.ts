import path from 'node:path'
import type { Sandbox, SandboxExit, Stage } from '../../native/lib/types.js'
import { stepEnvironment } from '../../pipelines/environment/step-environment.js'
import type { CommandsStep } from '../../pipelines/plan.js'
import { generateScript } from '../../pipelines/script/generate-script.js'
import { messageOf } from '../../protocol/errors.js'
import type { StageJob } from '../../protocol/job.js'
import type { StepUsage } from '../../protocol/uplink.js'
import { armDeadline } from './deadline.js'
import type { StageDeps } from './deps.js'
import { pumpOutput, type PumpOptions } from './pump.js'
import { makeOverlayDirs, SCRIPT_PATH, writeStepFiles } from './step-files.js'
import { STEP_RLIMITS } from './rlimits.js'
import { resolveRoot } from './step-root.js'
import type { StepStop } from './step-stop.js'
import { systemMessage } from './system-message.js'
import { verdictOf, type Verdict } from './verdict.js'

export interface StepRun {
  readonly job: StageJob
  readonly step: CommandsStep
  readonly number: number
  /** Steps that had failed, where that counts, when this one became due. */
  readonly failedSteps: readonly string[]
  /** When the stage started: Unix time in milliseconds. */
  readonly stageStartedMs: number
  /** Directory for this step only. */
  readonly directory: string
  readonly stop: StepStop
  readonly write: (data: Buffer) => Promise<void> | undefined
  readonly stage: () => Promise<Stage>
  /** Called when the sandbox runs. */
  readonly onUp: () => void
}

export interface StepOutcome extends Verdict {
  readonly usage: StepUsage | null
}

/**
 * Runs one step in a sandbox of its own: root, script, limits; its output goes to `write` to the
 * last byte that the step wrote before this resolves.
 * @throws SandpiperError or NativeError when the sandbox can't be made.
 */
export async function runCommands(run: StepRun, deps: StageDeps): Promise<StepOutcome> {
  const sandbox = await startSandbox(run, deps)
  run.onUp()
  run.stop.attach(sandbox)
  const timer = armTimeout(run.stop, deps.limits.stepTimeoutMs)
  try {
    const [isMidLine, exit] = await Promise.all([
      pumpOutput(sandbox.output, pumpOptions(run, deps, sandbox.exit)),
      sandbox.exit,
    ])
    const verdict = verdictOf(exit, run.stop.reason, deps.limits)
    await writeVerdict(run, verdict, isMidLine)
    return { ...verdict, usage: usageOf(exit) }
  } finally {
    clearTimeout(timer)
    run.stop.done()
  }
}

async function startSandbox(run: StepRun, deps: StageDeps): Promise<Sandbox> {
  const { job, step, number, directory } = run
  const root = await resolveRoot(step, deps)
  const hostname = `sandpiper-${job.stageId}-${number}`
  const overlay = await makeOverlayDirs(directory)
  const binds = await writeStepFiles(directory, { script: generateScript(step.commands), hostname })
  const stage = await run.stage()
  run.stop.signal.throwIfAborted()
  const { memoryBytes, pids, cpus } = deps.limits
  return stage.start({
    name: `s${job.stageId}-${job.attempt}-${number}`,
    root: { lowers: root.lowers, ...overlay },
    workspaceTarget: job.stage.workspace,
    binds: [...root.binds, ...binds],
    argv: ['/bin/sh', '-e', SCRIPT_PATH],
    env: environmentOf(run, root.env, deps.machine),
    cwd: path.posix.normalize(job.stage.workspace),
    hostname,
    limits: { memoryBytes, pids, ...(cpus === undefined ? {} : { cpus }) },
    rlimits: STEP_RLIMITS,
  })
}

/** Later ones win: image, build, step facts, what the pipeline says. */
function environmentOf(
  run: StepRun,
  rootEnv: Readonly<Record<string, string>>,
  machine: string,
): Record<string, string> {
  const { job, step, number, failedSteps, stageStartedMs } = run
  const facts = stepEnvironment({
    stage: { ...job.stage, number: job.stageNumber, machine, started: stageStartedMs },
    step: { name: step.name, number },
    status: failedSteps.length > 0 ? 'failure' : 'success',
    failedSteps,
  })
  const { environment } = job.stage
  return { ...rootEnv, ...job.environment, ...facts, ...environment, ...step.environment }
}

function armTimeout(stop: StepStop, limitMs: number | undefined): NodeJS.Timeout | undefined {
  if (limitMs === undefined) return undefined
  return armDeadline(limitMs, () => stop.stop({ kind: 'time', limitMs }))
}

function pumpOptions(run: StepRun, deps: StageDeps, ended: Promise<unknown>): PumpOptions {
  return {
    ended,
    write: run.write,
    limits: deps.limits,
    onLimit: (limit) => run.stop.stop({ kind: 'output', limit }, { urgent: true }),
    onFailure: (error) => {
      const reason = `the log can't be written: ${messageOf(error)}`
      run.stop.stop({ kind: 'error', reason }, { urgent: true })
    },
  }
}

/** Tells in the log itself what the exit code alone does not. */
async function writeVerdict(run: StepRun, verdict: Verdict, isMidLine: boolean): Promise<void> {
  const reason = run.stop.reason
  const isTold = verdict.error !== '' || reason?.kind === 'stage-ended'
  if (!isTold || reason?.kind === 'error') return
  const text = verdict.error === '' ? 'ended: the other steps are done' : verdict.error
  const line = systemMessage(text)
  await run.write(isMidLine ? Buffer.concat([Buffer.from('\n'), line]) : line)
}

function usageOf(exit: SandboxExit): StepUsage {
  const { cpuMs, memoryPeakBytes, wallMs } = exit
  return { cpuMs, memoryPeakBytes, wallMs }
}
