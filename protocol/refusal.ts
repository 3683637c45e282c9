import type { Demand, Platform, StagePlan } from '../pipelines/plan.js'
import { SandpiperError } from './errors.js'

/** What a runner can do, as far as it decides about a stage. */
export interface RunnerKind {
  /** Absent: not looked at, because the runner only gets stages of its own platform. */
  readonly platform?: Pick<Platform, 'os' | 'arch'>
}

/** Types of stages that runners of this kind can run. */
export const STAGE_TYPES: readonly string[] = ['docker', 'exec']

/** Demands that are named one by one; the others are counted. */
const DEMANDS_NAMED = 20

/**
 * Why no step of a stage may be started, or null when it may. The server asks before it queues a
 * stage, the runner before it starts one.
 */
export function refusalOf(
  stage: Pick<StagePlan, 'type' | 'platform' | 'demands'>,
  runner: RunnerKind = {},
): SandpiperError | null {
  if (!STAGE_TYPES.includes(stage.type)) return wrongType(stage.type)
  if (runner.platform && !isSamePlatform(stage.platform, runner.platform)) {
    return wrongPlatform(stage.platform, runner.platform)
  }
  const demands = stage.demands ?? []
  return demands.length === 0 ? null : demanding(demands)
}

/** The message of a refusal with its hint, as it stands with a stage. */
export function refusalText(refusal: SandpiperError): string {
  return `${refusal.message}. ${refusal.hint}`
}

function wrongType(type: string): SandpiperError {
  return new SandpiperError('SP_RUNNER_TYPE', `type ${type} is not supported by this runner`, {
    hint: `Runners of Sandpiper run pipelines of type ${STAGE_TYPES.join(' and ')}`,
  })
}

function isSamePlatform(asked: Platform, own: Pick<Platform, 'os' | 'arch'>): boolean {
  return asked.os === own.os && asked.arch === own.arch
}

function wrongPlatform(asked: Platform, own: Pick<Platform, 'os' | 'arch'>): SandpiperError {
  const [wanted, there] = [asked, own].map(({ os, arch }) => `${os}/${arch}`)
  return new SandpiperError(
    'SP_RUNNER_PLATFORM',
    `the pipeline is for ${wanted ?? ''}, and this runner is ${there ?? ''}`,
    { hint: 'Run it on a runner of that platform, or change its platform' },
  )
}

function demanding(demands: readonly Demand[]): SandpiperError {
  const named = demands.slice(0, DEMANDS_NAMED).map(describeDemand)
  const rest = demands.length - named.length
  const list = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
  return new SandpiperError('SP_RUNNER_DEMAND', `this runner does not allow ${list}`, {
    hint: 'These may endanger the host or other builds. Take them out of the pipeline file',
  })
}

function describeDemand({ what, step, at }: Demand): string {
  return step === undefined ? `${what} (${at})` : `${what} (step ${step}, ${at})`
}
