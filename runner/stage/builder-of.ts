import type { Builder } from '../../pipelines/index.js'
import type { StepPlan } from '../../pipelines/plan.js'

/** The plugin that a step is whose image the runner builds itself; undefined for every other step. */
export function builderOf(step: StepPlan): Builder | undefined {
  return step.kind === 'entrypoint' ? step.builder : undefined
}
