import type { Plan } from '../../pipelines/index.js'
import { usageTotals } from '../../protocol/usage.js'
import type { LocalResult } from '../../runner/local-executor.js'
import type { NamedStepResult } from './view-sink.js'

/** The document of `exec --json`: how everything ended, and what did not run at all and why. */
export function resultJson(
  result: LocalResult,
  { stages, skipped }: Plan,
  steps: ReadonlyMap<string, readonly NamedStepResult[]>,
): unknown {
  const leftOut = new Map(stages.map((stage) => [stage.name, stage.leftOut ?? []]))
  return {
    passed: result.passed,
    stages: result.stages.map((stage) => ({
      ...stage,
      steps: (steps.get(stage.name) ?? []).map(stepJson),
      left_out: leftOut.get(stage.name) ?? [],
    })),
    skipped,
  }
}

function stepJson({ name, status, exitCode, error, usage }: NamedStepResult): unknown {
  return {
    ...{ name, status, exit_code: exitCode, error },
    usage: usage === null ? null : usageTotals(usage),
  }
}
