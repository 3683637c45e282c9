import { type StageFacts, stageVariables } from './stage-variables.js'
import { seconds, toEnvironment } from './value.js'

export interface StepEnvironmentInput {
  readonly stage: StageFacts
  readonly step: {
    readonly name: string
    readonly number: number
    /** Unix time in milliseconds. */
    readonly started?: number
    /** What Woodpecker calls it: `commands`, `plugin` or `service`. */
    readonly type?: 'commands' | 'plugin' | 'service'
    /** Web page of the step, or empty. */
    readonly link?: string
  }
  /** How the stage stands when the step starts. */
  readonly status: 'success' | 'failure'
  /** Names of the steps of the stage that have failed so far. */
  readonly failedSteps: readonly string[]
}

/** A stage without a failure says nothing about the build: another stage of it may have failed. */
const FAILED_BUILD = {
  DRONE_BUILD_STATUS: 'failure',
  CI_BUILD_STATUS: 'failure',
  CI_PIPELINE_STATUS: 'failure',
}

/**
 * The variables that only one step gets, to be laid over those of the build: its own name and number,
 * its stage's, and how things stand when it starts.
 */
export function stepEnvironment(input: StepEnvironmentInput): Record<string, string> {
  const { stage, step, status, failedSteps } = input
  const number = String(step.number)
  return toEnvironment({
    ...stageVariables(stage),
    DRONE_STAGE_STATUS: status,
    ...(status === 'failure' ? FAILED_BUILD : {}),
    DRONE_FAILED_STEPS: failedSteps.join(','),
    DRONE_STEP_NAME: step.name,
    DRONE_STEP_NUMBER: number,
    CI_STEP_NAME: step.name,
    CI_STEP_NUMBER: number,
    CI_STEP_STARTED: seconds(step.started),
    CI_STEP_TYPE: step.type,
    CI_STEP_URL: step.link,
    SANDPIPER_STEP: step.name,
  })
}
