import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type { DecodedStep } from '../schema/step-shape.js'

/**
 * Length of all the text that the plan of a pipeline would hold; aliased text counts wherever it is
 * used.
 */
export function planTextLength(pipeline: DecodedPipeline): number {
  const steps: readonly DecodedStep[] = pipeline.steps?.items ?? []
  const shared = environmentLength(pipeline.environment)
  return steps.reduce((sum, step) => sum + stepLength(step), shared)
}

function stepLength(step: DecodedStep): number {
  const commands = step.commands?.items ?? []
  const length = commands.reduce((sum, command) => sum + command.value.length, 0)
  const image = step.image?.value.length ?? 0
  return length + image + environmentLength(step.environment)
}

function environmentLength(environment: DecodedStep['environment']): number {
  return (environment ?? []).reduce((sum, { name, value }) => sum + name.length + value.length, 0)
}
