import { SandpiperError } from '../../protocol/errors.js'
import type { BuildDetail, Repo, ServerServices, Step } from '../services.js'

interface RepoParams {
  readonly owner: string
  readonly name: string
}

/**
 * The repo of a path.
 * @throws SandpiperError SP_REPO_UNKNOWN
 */
export async function repoOf(services: ServerServices, params: RepoParams): Promise<Repo> {
  const repo = await services.repos.find(params.owner, params.name)
  if (repo === null) throw unknownRepo(params)
  return repo
}

/**
 * The build of a path; `number` may be `latest`.
 * @throws SandpiperError SP_REPO_UNKNOWN, SP_BUILD_UNKNOWN
 */
export async function buildOf(
  services: ServerServices,
  params: RepoParams & { readonly number: string },
): Promise<{ readonly repo: Repo; readonly detail: BuildDetail }> {
  const repo = await repoOf(services, params)
  const { builds } = services
  const detail = await (params.number === 'latest'
    ? builds.latest(repo)
    : builds.find(repo, Number(params.number)))
  if (detail === null) throw unknownBuild(params)
  return { repo, detail }
}

interface StepOfBuild extends RepoParams {
  readonly number: string
  readonly stage: number
  readonly step: number
}

/**
 * The step of a path.
 * @throws SandpiperError SP_REPO_UNKNOWN, SP_BUILD_UNKNOWN, SP_LOG_UNKNOWN
 */
export async function stepOf(services: ServerServices, params: StepOfBuild): Promise<Step> {
  const { detail } = await buildOf(services, params)
  const found = detail.stages.find(({ stage }) => stage.number === params.stage)
  const step = found?.steps.find(({ number }) => number === params.step)
  if (step === undefined) throw unknownStep(params, undefined)
  return step
}

/** The error for a step, or an attempt at it, that is not there. */
export function unknownStep(
  { owner, name, number, stage, step }: StepOfBuild,
  attempt: number | undefined,
): SandpiperError {
  const what = `stage ${stage}, step ${step}${attempt === undefined ? '' : `, attempt ${attempt}`}`
  return new SandpiperError(
    'SP_LOG_UNKNOWN',
    `Build ${number} of ${owner}/${name} has no ${what}.`,
    { hint: `'sandpiper build show ${owner}/${name} ${number}' shows its stages and steps.` },
  )
}

/** The error for a repo that is not here. */
export function unknownRepo({ owner, name }: RepoParams): SandpiperError {
  return new SandpiperError('SP_REPO_UNKNOWN', `There is no repo ${owner}/${name}.`, {
    hint: "'sandpiper repo ls' shows the repos; 'sandpiper repo add' adds one.",
  })
}

/** The error for a build that is not there. */
export function unknownBuild(params: RepoParams & { readonly number: string }): SandpiperError {
  const { owner, name, number } = params
  const which = number === 'latest' ? 'no build yet' : `no build ${number}`
  return new SandpiperError('SP_BUILD_UNKNOWN', `${owner}/${name} has ${which}.`, {
    hint: `'sandpiper build ls ${owner}/${name}' shows its builds.`,
  })
}
