import type { Plan } from '../../pipelines/index.js'
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
  if (steps.length > 0) return `failed: ${steps.join(', ')}`
  const error = result.stages.find((stage) => stage.error !== '')?.error ?? 'interrupted'
  return `failed: ${cleanName(error)}`
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

/** Failures that count, with why. */
function failedSteps({ plan, steps }: FinishedRun): string[] {
  return plan.stages.flatMap((stage) =>
    (steps.get(stage.name) ?? []).flatMap(({ name, status, error, exitCode }) => {
      const step = stage.steps.find((candidate) => candidate.name === name)
      const counts = step?.kind !== 'commands' || (step.failure !== 'ignore' && !step.detach)
      if (!isFailure(status) || !counts) return []
      const why = cleanName(error.replace(/^failed: /, '')) || `exit code ${exitCode}`
      const title = cleanName(plan.stages.length > 1 ? `${stage.name}/${name}` : name)
      return [`step ${title} (${why})`]
    }),
  )
}
