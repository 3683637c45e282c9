import type { DecodedPipeline } from './pipeline-shape.js'
import type { DecodedStep } from './step-shape.js'

/** A step of a pipeline with its name, and where it is declared. */
export interface NamedStep {
  readonly step: DecodedStep
  readonly name: string
  readonly isService: boolean
}

/** The services, then the steps of a pipeline, each in the order of the file. */
export function allSteps({ services, steps }: DecodedPipeline): NamedStep[] {
  return [...named(services, true), ...named(steps, false)]
}

function named(list: DecodedPipeline['steps'], isService: boolean): NamedStep[] {
  return (list?.items ?? []).map((step) => ({ step, name: step.name?.value ?? '', isService }))
}

/** Whether it runs in the background: every service does. */
export function isDetached({ step, isService }: NamedStep): boolean {
  return isService || step.detach?.value === true
}
