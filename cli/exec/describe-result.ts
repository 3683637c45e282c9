import type { Plan, SandboxStep, StepPlan } from '../../pipelines/index.js'
import { isFailure } from '../../protocol/status.js'
import type { LocalResult } from '../../runner/local-executor.js'
import { formatDuration } from '../terminal/duration.js'
import { cleanName } from '../terminal/log-lines.js'
import type { NamedStepResult } from './view-sink.js'

/** What is told of a run when it is over. */
export interface FinishedRun {
  readonly plan: Plan
  readonly result: LocalResult
  /** How each step ended, by the name of its stage. */
  readonly steps: ReadonlyMap<string, readonly NamedStepResult[]>
  readonly durationMs: number
}

/** One line: `passed in 3.2s` or `failed: step unit (exit code 2)`. */
export function describeResult(run: FinishedRun): string {
  const { result, durationMs } = run
  if (result.passed) return `passed in ${formatDuration(durationMs)}`
  const steps = failedSteps(run)
  const failures = [...refusedPipelines(run), ...steps]
  if (failures.length > 0) return `failed: ${failures.join(', ')}`
  const error = result.stages.find((stage) => stage.error !== '')?.error ?? 'interrupted'
  return `failed: ${cleanName(error)}`
}

/** Of several pipelines those that ended before a step of theirs could fail. */
function refusedPipelines({ plan, result, steps }: FinishedRun): string[] {
  if (plan.stages.length < 2) return []
  return result.stages.flatMap(({ name, status, error }) => {
    const hasFailedStep = (steps.get(name) ?? []).some((step) => isFailure(step.status))
    if (!isFailure(status) || error === '' || hasFailedStep) return []
    return [`pipeline ${cleanName(name)} (${cleanName(error)})`]
  })
}

/** The steps that the event leaves out, a line each. */
export function describeLeftOut({ stages }: Plan): string[] {
  return stages.flatMap(({ name: stage, leftOut = [] }) =>
    leftOut.map(({ name, reason }) => {
      const title = cleanName(stages.length > 1 ? `${stage}/${name}` : name)
      return `step ${title} does not run: ${cleanName(reason)}`
    }),
  )
}

/** Failures that count, with why; when none does, those that can only have made what waited for them fail. */
function failedSteps(run: FinishedRun): string[] {
  const counting = failuresOf(run, (step) => step.failure !== 'ignore' && isAwaited(step))
  return counting.length > 0 ? counting : failuresOf(run, (step) => step.failure !== 'ignore')
}

/** What runs in the background can fail a pipeline only by never becoming ready. */
function isAwaited(step: SandboxStep): boolean {
  return !step.detach || step.healthcheck !== undefined
}

function failuresOf(
  { plan, steps }: FinishedRun,
  counts: (step: SandboxStep) => boolean,
): string[] {
  return plan.stages.flatMap((stage) =>
    (steps.get(stage.name) ?? []).flatMap(({ name, status, error, exitCode }) => {
      const step = stage.steps.find((candidate) => candidate.name === name)
      if (!isFailure(status) || (step !== undefined && step.kind !== 'clone' && !counts(step)))
        return []
      const why = cleanName(error.replace(/^failed: /, '')) || `exit code ${exitCode}`
      const title = cleanName(plan.stages.length > 1 ? `${stage.name}/${name}` : name)
      return [`${isService(step) ? 'service' : 'step'} ${title} (${why})`]
    }),
  )
}

function isService(step: StepPlan | undefined): boolean {
  return step !== undefined && step.kind !== 'clone' && step.service === true
}
