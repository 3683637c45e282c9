import type { Plan, StagePlan } from '../pipelines/plan.js'
import type { JobRepo, StageJob } from '../protocol/job.js'
import { isFailure, type Status } from '../protocol/status.js'
import type { HostConfig } from './config.js'
import type { Host } from './host.js'
import { unkeptWarning } from './kept-limits.js'
import { openLocalHost } from './local-host.js'
import { nextStage } from './stage-order.js'
import { sharedSecrets } from './secrets/stage-secrets.js'
import { runStage, type StageOutcome } from './stage/run-stage.js'
import type { StageSink } from './stage/sink.js'
import { treeWorkspace, type WorkspaceTree } from './stage/workspace.js'

export interface LocalRun {
  readonly plan: Plan
  /** The working tree that is seen as the checkout; it is never written to. */
  readonly tree: WorkspaceTree
  /** Values by the secrets' names; absent: there are none. */
  readonly secrets?: ReadonlyMap<string, string>
  readonly repo: JobRepo
  readonly commit: string
  readonly ref: string
  /** Variables that every step of the stage gets. */
  readonly environmentOf: (stage: StagePlan, stageNumber: number) => Record<string, string>
  /** Wall time for each stage in milliseconds. */
  readonly timeoutMs: number
  /** Called once for each stage that runs. */
  readonly sinkFor: (job: StageJob) => StageSink
  /** Abort with a `StageStop` as the reason, or with anything, which then is a cancellation. */
  readonly signal: AbortSignal
}

export interface LocalStageResult extends StageOutcome {
  readonly name: string
}

export interface LocalResult {
  /** In the order in which they ended. */
  readonly stages: readonly LocalStageResult[]
  readonly passed: boolean
}

/** Runs plans on this machine, in the same sandboxes, without server and Redis. */
export interface LocalExecutor {
  /** Runs the stages one after another, in the order of their dependencies. One run at a time. */
  run(run: LocalRun): Promise<LocalResult>
  /** What whoever starts it ought to know; null: nothing. */
  readonly warning: string | null
  close(): Promise<void>
}

/**
 * Makes what `sandpiper exec` needs, beside a runner and others of its kind.
 * @throws as `openLocalHost`
 */
export async function createLocalExecutor(config: HostConfig): Promise<LocalExecutor> {
  const host = await openLocalHost(config)
  const warning = unkeptWarning(host.deps.limits)
  return { run: (run) => runPlan(run, host), warning, close: () => host.close() }
}

async function runPlan(run: LocalRun, host: Host): Promise<LocalResult> {
  const ended = new Map<string, Status>()
  const stages: LocalStageResult[] = []
  for (;;) {
    const next = nextStage(run.plan.stages, ended)
    if (next === null) break
    const runs = next.runs && !run.signal.aborted
    const outcome = runs ? await runOne(run, next.name, host) : SKIPPED
    ended.set(next.name, outcome.status)
    stages.push({ name: next.name, ...outcome })
  }
  const passed = !stages.some(({ status }) => isFailure(status)) && !run.signal.aborted
  return { stages, passed }
}

const SKIPPED: StageOutcome = { status: 'skipped', error: '' }

async function runOne(run: LocalRun, name: string, host: Host): Promise<StageOutcome> {
  const index = run.plan.stages.findIndex((stage) => stage.name === name)
  const stage = run.plan.stages[index]
  if (!stage) throw new Error(`no stage ${name}`)
  const job = jobOf(run, stage, index + 1)
  const deps = {
    ...{ ...host.deps, workspace: treeWorkspace(run.tree), platform: ownPlatform() },
    ...(run.secrets === undefined ? {} : { secrets: sharedSecrets(run.secrets) }),
  }
  return runStage(job, deps, run.sinkFor(job), run.signal)
}

/** What this machine can run, in the names that pipelines use. */
function ownPlatform(): { readonly os: string; readonly arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch }
}

function jobOf(run: LocalRun, stage: StagePlan, number: number): StageJob {
  const { repo, commit, ref, timeoutMs } = run
  const steps = stage.steps.map(({ name }, index) => ({ name, number: index + 1 }))
  const environment = run.environmentOf(stage, number)
  const ids = { stageId: number, buildId: 1, buildNumber: 1, attempt: 1, stageNumber: number }
  return { ...ids, repo, commit, ref, stage, steps, environment, timeoutMs }
}
