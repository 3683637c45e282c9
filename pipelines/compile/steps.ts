import type { ConditionContext } from '../conditions/context.js'
import { evaluateWhen } from '../conditions/evaluate.js'
import { CLONE } from '../graph/step-graph.js'
import { type Dependencies, keepNodes } from '../graph/keep.js'
import type { LeftOut, RunOn, SandboxStep, StepPlan } from '../plan.js'
import { allSteps, type NamedStep } from '../schema/all-steps.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import { planStep } from './plan-step.js'

/** What the steps of a stage are made of. */
export interface StepsInput {
  readonly pipeline: DecodedPipeline
  readonly graph: Dependencies
  readonly workspace: string
  readonly context: ConditionContext
}

export interface PlannedSteps {
  /** The checkout, the services and the steps that this event runs; undefined: too large a graph. */
  readonly steps: StepPlan[] | undefined
  /** The services and steps among them as they are written. */
  readonly running: readonly NamedStep[]
  /** The steps that this event does not run, in the order of the file. */
  readonly leftOut: readonly LeftOut[]
}

/** Decides which steps this event runs. */
export function planSteps({ pipeline, graph, workspace, context }: StepsInput): PlannedSteps {
  const chosen: { readonly named: NamedStep; readonly runOn: RunOn }[] = []
  const leftOut: LeftOut[] = []
  for (const named of allSteps(pipeline)) {
    const verdict = evaluateWhen(named.step.when, context)
    if (verdict.holds) chosen.push({ named, runOn: verdict.runOn })
    else leftOut.push({ name: named.name, reason: verdict.reason })
  }
  const running = chosen.map(({ named }) => named)
  const names = new Set(running.map(({ name }) => name))
  const cloned = pipeline.clone?.disable?.value !== true
  const kept = keepNodes(graph, (name) => names.has(name) || (cloned && name === CLONE))
  if (kept === undefined) return { steps: undefined, running, leftOut }
  const planned = chosen.map(({ named, runOn }): SandboxStep => {
    const dependsOn = kept.get(named.name) ?? []
    return planStep({ pipeline, workspace, named, runOn, dependsOn, variables: context.variables })
  })
  const clone: StepPlan[] = cloned ? [{ kind: 'clone', name: CLONE, dependsOn: [] }] : []
  return { steps: [...clone, ...planned], running, leftOut }
}
