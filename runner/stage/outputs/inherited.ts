import type { StepPlan } from '../../../pipelines/plan.js'
import { SandpiperError } from '../../../protocol/errors.js'

/** Characters of outputs that one step may get; execve(2) takes about 2 MiB with everything else. */
const CHARACTERS_MAX = 512 * 1024

/**
 * The outputs of all steps that a step depends on, however far away; of a name that several have, the
 * value of the one that comes last in the plan.
 * @throws SandpiperError SP_RUNNER_OUTPUTS
 */
export function inheritedOutputs(
  name: string,
  steps: readonly StepPlan[],
  outputs: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Record<string, string> {
  if (outputs.size === 0) return {}
  const before = ancestorsOf(name, steps)
  const values: Record<string, string> = {}
  for (const step of steps) {
    if (before.has(step.name)) Object.assign(values, outputs.get(step.name))
  }
  const size = Object.entries(values).reduce((sum, pair) => sum + pair.join('=').length, 0)
  if (size <= CHARACTERS_MAX) return values
  throw new SandpiperError(
    'SP_RUNNER_OUTPUTS',
    `the outputs of earlier steps are ${size} characters, more than ${CHARACTERS_MAX}`,
    { hint: 'Hand large values on in files of the workspace' },
  )
}

function ancestorsOf(name: string, steps: readonly StepPlan[]): ReadonlySet<string> {
  const byName = new Map(steps.map((step) => [step.name, step]))
  const seen = new Set<string>()
  const left = [name]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const before of byName.get(next)?.dependsOn ?? []) {
      if (!seen.has(before)) left.push(before)
      seen.add(before)
    }
  }
  return seen
}
