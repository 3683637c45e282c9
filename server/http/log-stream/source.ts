import { isTerminal } from '../../../protocol/status.js'
import type { Repo, ServerServices, Stage, Step } from '../../services.js'
import type { LogEnd } from './piece.js'

/** Names a step in a build, and the attempt whose log is wanted when it is not the current one. */
export interface StepAddress {
  readonly repo: Repo
  readonly buildNumber: number
  readonly stageNumber: number
  readonly stepNumber: number
  readonly attempt: number | undefined
}

/** A step as its log's reader needs it. */
export interface StepState {
  /** The stage that ran: of one that was taken over, that of the earlier build. */
  readonly stageId: number
  /** The attempt whose log is to be read. */
  readonly attempt: number
  /** Null while the log may grow. */
  readonly end: LogEnd | null
}

/** How the step stands now; null when there is no such step or attempt (any more). */
export async function stepState(
  services: ServerServices,
  address: StepAddress,
): Promise<StepState | null> {
  const detail = await services.builds.find(address.repo, address.buildNumber)
  const found = detail?.stages.find(({ stage }) => stage.number === address.stageNumber)
  const step = found?.steps.find(({ number }) => number === address.stepNumber)
  if (found === undefined || step === undefined) return null
  const { stage } = found
  const attempt = address.attempt ?? stage.attempt
  if (attempt > stage.attempt) return null
  const end = attempt < stage.attempt ? superseded(attempt, stage) : endOf(stage, step)
  return { stageId: step.stage_id, attempt, end }
}

/** The end for readers of a step that was removed while they read. */
export function removedEnd(attempt: number): LogEnd {
  return { kind: 'end', attempt, status: 'error', exitCode: 0, error: 'the build was removed' }
}

function endOf(stage: Stage, step: Step): LogEnd | null {
  const { attempt } = stage
  if (isTerminal(step.status)) {
    const { status, exit_code: exitCode, error } = step
    return { kind: 'end', attempt, status, exitCode, error }
  }
  if (!isTerminal(stage.status)) return null
  return { kind: 'end', attempt, status: stage.status, exitCode: 0, error: stage.error }
}

/** Only the current attempt's results are kept, so all there is to say is why this one has none. */
function superseded(attempt: number, stage: Stage): LogEnd {
  const error = `attempt ${attempt} was given up; attempt ${stage.attempt} is the current one`
  return { kind: 'end', attempt, status: 'error', exitCode: 0, error }
}
