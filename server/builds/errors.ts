import { PARAMETER_NAME_HINT } from '../../pipelines/parameters/names.js'
import type { ParameterProblem } from '../../pipelines/parameters/resolve-parameters.js'
import { SandpiperError } from '../../protocol/errors.js'

/** Parameters that a build can't be started with, each with why. */
export class ParamsInvalid extends SandpiperError {
  readonly problems: readonly ParameterProblem[]

  constructor(message: string, hint: string, problems: readonly ParameterProblem[]) {
    super('SP_BUILD_PARAM_INVALID', message, { hint })
    this.problems = problems
  }
}

/** A parameter of a build can't be taken, whatever its files declare. */
export function paramInvalid(name: string, problem: string): ParamsInvalid {
  const message = `Parameter ${JSON.stringify(name.slice(0, 100))} ${problem}.`
  const hint = sentence(PARAMETER_NAME_HINT)
  return new ParamsInvalid(message, hint, [{ name, message, hint }])
}

/** Problems that one message tells; the problem document has all. */
const TOLD_MAX = 5

/** Parameters do not fit what the files of the commit declare. */
export function paramsMisfit(problems: readonly ParameterProblem[]): ParamsInvalid {
  const told = problems.slice(0, TOLD_MAX).map(({ message }) => sentence(message))
  const more = problems.length - told.length
  const message = [...told, ...(more > 0 ? [`${more} more do not fit.`] : [])].join(' ')
  return new ParamsInvalid(message, sentence(problems[0]?.hint ?? ''), problems)
}

function sentence(words: string): string {
  const end = words.endsWith('?') ? '' : '.'
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${end}`
}

/** What is asked to be built, or deployed, can't be. */
export function requestInvalid(problem: string, hint: string): SandpiperError {
  return new SandpiperError('SP_BUILD_REQUEST_INVALID', problem, { hint })
}

/** A part of a build can be made again only when all of it has ended. */
export function notEnded(number: number, status: string): SandpiperError {
  return new SandpiperError(
    'SP_BUILD_NOT_ENDED',
    `Build ${number} has not ended: it is ${status}.`,
    {
      hint: 'Wait for its end, or cancel it first.',
    },
  )
}

/** Nobody has let the build run, so it can't be made again in another way. */
export function notApproved(number: number): SandpiperError {
  return new SandpiperError('SP_BUILD_NOT_APPROVED', `Build ${number} waits for approval.`, {
    hint: 'Approve it with `sandpiper build approve`, or decline it.',
  })
}

/** There is nothing to approve or decline. */
export function notBlocked(number: number, status: string): SandpiperError {
  return new SandpiperError(
    'SP_BUILD_NOT_BLOCKED',
    `Build ${number} does not wait for approval: it is ${status}.`,
    { hint: 'Somebody may have approved, declined or cancelled it meanwhile.' },
  )
}

/** The build has no stage of that name, or number. */
export function stageUnknown(number: number, stage: string): SandpiperError {
  const shown = JSON.stringify(stage.slice(0, 100))
  return new SandpiperError('SP_BUILD_STAGE_UNKNOWN', `Build ${number} has no stage ${shown}.`, {
    hint: '`sandpiper build show` shows its stages.',
  })
}

/** There is nothing that failed to be made again. */
export function nothingFailed(number: number): SandpiperError {
  return new SandpiperError('SP_BUILD_NOTHING_FAILED', `Nothing of build ${number} failed.`, {
    hint: 'Restart all of it, or from a stage.',
  })
}

/** The stage would be skipped, for what it depends on is as it was. */
export function stageUnready(stage: string, dependency: string, status: string): SandpiperError {
  return new SandpiperError(
    'SP_BUILD_STAGE_UNREADY',
    `Stage ${stage} would not run: ${dependency}, which it depends on, is ${status}.`,
    { hint: `Restart from ${dependency}, or only what failed.` },
  )
}
