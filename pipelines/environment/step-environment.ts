import { type StageFacts, stageVariables } from './stage-variables.js'
import { toEnvironment } from './value.js'

export interface StepEnvironmentInput {
  readonly stage: StageFacts
  readonly step: { readonly name: string; readonly number: number }
  /** How the stage stands when the step starts. */
  readonly status: 'success' | 'failure'
  /** Names of the steps of the stage that have failed so far. */
  readonly failedSteps: readonly string[]
}

/**
 * The variables that only one step gets, to be laid over those of the build: its own name and number,
 * its stage's, and how things stand when it starts.
 */
export function stepEnvironment(input: StepEnvironmentInput): Record<string, string> {
  const { stage, step, status, failedSteps } = input
  return toEnvironment({
    ...stageVariables(stage),
    DRONE_STAGE_STATUS: status,
    DRONE_BUILD_STATUS: status,
    CI_BUILD_STATUS: status,
    DRONE_FAILED_STEPS: failedSteps.length === 0 ? undefined : failedSteps.join(','),
    DRONE_STEP_NAME: step.name,
    DRONE_STEP_NUMBER: String(step.number),
    SANDPIPER_STEP: step.name,
  })
}
