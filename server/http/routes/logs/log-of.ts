import type { LogRef } from '../../../logs/log-store.js'
import type { BuildDetail, Repo } from '../../../services.js'
import type { HttpContext } from '../../app-types.js'
import { stepState } from '../../log-stream/source.js'
import type { StepAddress, StepState } from '../../log-stream/source.js'
import { buildOf, unknownStep } from '../../lookup.js'
import { SandpiperError } from '../../../../protocol/errors.js'

/** What names a log in the addresses of routes. */
export interface LogParams {
  readonly owner: string
  readonly name: string
  readonly number: string
  readonly stage: number
  readonly step: number
}

/** A log, and how its step stands. */
export interface FoundLog {
  readonly repo: Repo
  readonly detail: BuildDetail
  readonly address: StepAddress
  readonly state: StepState
  readonly ref: LogRef
}

/**
 * The log of a path, of the current attempt unless another one is asked for.
 * @throws SandpiperError SP_REPO_UNKNOWN, SP_BUILD_UNKNOWN, SP_LOG_UNKNOWN, SP_LOG_REMOVED
 */
export async function logOf(
  { services }: HttpContext,
  params: LogParams,
  attempt: number | undefined,
): Promise<FoundLog> {
  const { repo, detail } = await buildOf(services, params)
  const address = {
    repo,
    buildNumber: detail.build.number,
    stageNumber: params.stage,
    stepNumber: params.step,
    attempt,
  }
  const state = await stepState(services, address)
  if (state === null) throw unknownStep(params, attempt)
  const ref = { stageId: state.stageId, attempt: state.attempt, step: params.step }
  if (await services.logs.isRemoved(ref)) throw logRemoved(params)
  return { repo, detail, address, state, ref }
}

/** The stage and the step as the build shows them, whichever build they ran in. */
export function shownIn({ detail, address }: FoundLog) {
  const found = detail.stages.find(({ stage }) => stage.number === address.stageNumber)
  const step = found?.steps.find(({ number }) => number === address.stepNumber)
  return { stage: found?.stage, step }
}

function logRemoved({ owner, name, number, stage, step }: LogParams): SandpiperError {
  const log = `the log of stage ${stage}, step ${step}, build ${number} of ${owner}/${name}`
  return new SandpiperError('SP_LOG_REMOVED', `There was ${log}, but it was removed.`, {
    hint: 'Somebody removed it, or the repo keeps logs for so long, or so much of them, only.',
  })
}
