import { runOnOfStep, unmetCondition } from '../conditions/evaluate.js'
import type { Facts } from '../conditions/facts.js'
import { CLONE } from '../graph/step-graph.js'
import { type Dependencies, keepNodes } from '../graph/keep.js'
import type { CommandsStep, LeftOut, StepPlan } from '../plan.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'
import type { DecodedStep } from '../schema/step-shape.js'

/** What the steps of a stage are made of. */
export interface StepsInput {
  readonly pipeline: DecodedPipeline
  readonly graph: Dependencies
  readonly facts: Facts
}

/**
 * The steps that this event runs, the checkout first.
 * @returns undefined when their graph is too large
 */
export function planSteps({ pipeline, graph, facts }: StepsInput): StepPlan[] | undefined {
  const steps: readonly DecodedStep[] = pipeline.steps?.items ?? []
  const running = steps.filter((step) => unmetCondition(step.when, facts) === undefined)
  const names = new Set(running.map((step) => step.name?.value))
  const cloned = pipeline.clone?.disable?.value !== true
  const kept = keepNodes(graph, (name) => names.has(name) || (cloned && name === CLONE))
  if (kept === undefined) return undefined
  const planned = running.map((step) => planStep(step, kept))
  return cloned ? [{ kind: 'clone', name: CLONE, dependsOn: [] }, ...planned] : planned
}

/** The steps that this event does not run, in the order of the file. */
export function leftOutSteps({ pipeline, facts }: Omit<StepsInput, 'graph'>): LeftOut[] {
  const steps: readonly DecodedStep[] = pipeline.steps?.items ?? []
  return steps.flatMap(({ name, when }) => {
    const reason = unmetCondition(when, facts)
    return reason === undefined ? [] : [{ name: name?.value ?? '', reason }]
  })
}

function planStep(step: DecodedStep, graph: Dependencies): CommandsStep {
  const name = step.name?.value ?? ''
  return {
    kind: 'commands',
    name,
    dependsOn: graph.get(name) ?? [],
    ...(step.image === undefined ? {} : { image: step.image.value }),
    commands: step.commands?.items.map((command) => command.value) ?? [],
    environment: variables(step.environment),
    runOn: runOnOfStep(step.when),
    failure: failureOf(step),
    detach: step.detach?.value ?? false,
  }
}

/** Variables as they stand in the plan. */
export function variables(
  environment: DecodedStep['environment'],
): Readonly<Record<string, string>> {
  return Object.fromEntries((environment ?? []).map(({ name, value }) => [name, value]))
}

function failureOf({ failure }: DecodedStep): CommandsStep['failure'] {
  if (failure === undefined) return 'fail'
  return failure.value === 'ignore' ? 'ignore' : 'fast'
}
