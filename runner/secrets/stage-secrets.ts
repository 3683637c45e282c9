import type { StagePlan } from '../../pipelines/plan.js'
import { messageOf } from '../../protocol/errors.js'
import { imageRefusal } from '../../protocol/image-rule.js'
import type { StageJob } from '../../protocol/job.js'
import {
  CLONE,
  openSecrets,
  PULLS,
  type CloneSecrets,
  type GitLogin,
  type JobKey,
  type PullSecrets,
  type SealedSecrets,
  type StepSecrets,
} from '../../protocol/job-secrets.js'
import type { DockerConfig } from '../registry/credentials/docker-config.js'
import { registryKey } from '../registry/credentials/keys.js'

/** Secrets as far as somebody may have them: values by name, and why there is no other. */
export interface GivenSecrets {
  readonly values: ReadonlyMap<string, string>
  /** In words, by name. A name that is in neither is not known. */
  readonly missing: ReadonlyMap<string, string>
  /** One of them is for plugins of some images only. */
  readonly forImages?: boolean
}

/** The secrets of one stage. */
export interface StageSecrets {
  /** Those of one step, by its number. */
  ofStep(number: number): GivenSecrets
  /** Those that images are pulled with. */
  readonly pulls: GivenSecrets
  /** Logins that no pipeline names and no step sees. */
  readonly registries: readonly DockerConfig[]
  /** What the checkout logs in with; null for nothing. */
  readonly clone: GitLogin | null
  /** Why that is null although the job brings one; empty when it does not. */
  readonly cloneProblem: string
  /** All values, to be masked. */
  readonly values: readonly string[]
}

const NOTHING: GivenSecrets = { values: new Map(), missing: new Map() }

/** A stage without any. */
export const NO_SECRETS: StageSecrets = {
  ofStep: () => NOTHING,
  pulls: NOTHING,
  registries: [],
  ...{ clone: null, cloneProblem: '' },
  values: [],
}

/** Every secret for every step: of somebody who runs a pipeline of their own. */
export function sharedSecrets(values: ReadonlyMap<string, string>): StageSecrets {
  const all: GivenSecrets = { values, missing: new Map() }
  return { ...NO_SECRETS, ofStep: () => all, pulls: all, values: [...values.values()] }
}

/**
 * The secrets that came with a job.
 * @throws SandpiperError SP_RUNNER_SECRET
 */
export function secretsOfJob(job: StageJob, key: JobKey | null): StageSecrets {
  const { sealed } = job
  if (sealed === undefined) return NO_SECRETS
  const opened = new Map<number, StepSecrets>()
  for (const number of Object.keys(sealed.steps).map(Number)) {
    if (number === CLONE) continue
    const secrets = openSecrets(key, job, sealed, number)
    if (secrets) opened.set(number, secrets)
  }
  const pulls = opened.get(PULLS) as PullSecrets | undefined
  const given = new Map([...opened].map(([number, one]) => [number, givenTo(job, number, one)]))
  const { clone, cloneProblem } = openClone(job, sealed, key)
  const logins = [...(pulls?.registries ?? []), ...(clone === null ? [] : [clone])]
  return {
    ofStep: (number) => given.get(number) ?? NOTHING,
    pulls: given.get(PULLS) ?? NOTHING,
    registries: pulls === undefined || pulls.registries.length === 0 ? [] : [configOf(pulls)],
    // Also those that a step may not have after all.
    values: [...[...opened.values()].flatMap(valuesOf), ...logins.map(({ password }) => password)],
    ...{ clone, cloneProblem },
  }
}

/** Without it a public repo can be cloned all the same. */
function openClone(
  job: StageJob,
  sealed: SealedSecrets,
  key: JobKey | null,
): Pick<StageSecrets, 'clone' | 'cloneProblem'> {
  try {
    if (!(CLONE in sealed.steps)) return { clone: null, cloneProblem: '' }
    const opened = openSecrets(key, job, sealed, CLONE) as CloneSecrets | null
    return { clone: opened?.login ?? null, cloneProblem: '' }
  } catch (error) {
    return { clone: null, cloneProblem: messageOf(error) }
  }
}

function valuesOf({ values }: StepSecrets): readonly string[] {
  return Object.values(values).map(({ value }) => value)
}

/** Looked at once more here, where the step is what will run. */
function givenTo(job: StageJob, number: number, secrets: StepSecrets): GivenSecrets {
  const values = new Map<string, string>()
  const missing = new Map(Object.entries(secrets.missing))
  let forImages = false
  for (const [name, { value, images = [] }] of Object.entries(secrets.values)) {
    const refusal = refusalFor(job, number, images)
    if (refusal === null) {
      values.set(name, value)
      forImages ||= images.length > 0
    } else missing.set(name, refusal)
  }
  return { values, missing, forImages }
}

function refusalFor(job: StageJob, number: number, images: readonly string[]): string | null {
  if (images.length === 0) return null
  const step = stepOf(job.stage, job.steps.find((one) => one.number === number)?.name)
  if (step === undefined) return 'it is for plugins of some images only'
  return imageRefusal(images, step, job.stage)
}

function stepOf(stage: StagePlan, name: string | undefined) {
  const step = stage.steps.find((one) => one.name === name)
  return step === undefined || step.kind === 'clone' ? undefined : step
}

function configOf({ registries }: PullSecrets): DockerConfig {
  const logins = registries.map(({ address, username, password }) => {
    return [registryKey(address), { kind: 'basic', username, password }] as const
  })
  return { source: 'the server', logins: new Map(logins), helpers: new Map(), store: null }
}
