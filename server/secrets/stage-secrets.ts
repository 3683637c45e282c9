import type { BuildEvent } from '../../pipelines/event.js'
import { parseGlob } from '../../pipelines/conditions/glob/glob.js'
import type { SandboxStep, StagePlan, ValuePlan } from '../../pipelines/plan.js'
import { isPullRequest } from '../../protocol/fork.js'
import { imageRefusal } from '../../protocol/image-rule.js'
import {
  PULLS,
  type PullSecrets,
  type SecretValue,
  type StepSecrets,
} from '../../protocol/job-secrets.js'
import { STAGE_BYTES_MAX } from './limits.js'
import { listIn } from './secret-columns.js'
import type { SecretRow } from './types.js'

/** A secret that a stage names, as far as its repo or its owner has it. */
export interface NamedSecret {
  readonly row: SecretRow
  /** @throws SandpiperError SP_SECRET_UNREADABLE */
  readonly open: () => string
}

export interface StageRequest {
  readonly stage: StagePlan
  readonly steps: readonly { readonly name: string; readonly number: number }[]
  readonly event: BuildEvent
  /** `isForkBuild` */
  readonly fork: boolean
  /** By name. */
  readonly secrets: ReadonlyMap<string, NamedSecret>
  readonly registries: PullSecrets['registries']
}

/** The secrets that each step names, and those that the stage pulls images with. */
export function namedSecrets(stage: StagePlan): readonly string[] {
  const ofSteps = stage.steps.flatMap((step) => (step.kind === 'clone' ? [] : namesOf(step)))
  return [...new Set([...ofSteps, ...(stage.imagePullSecrets ?? [])])]
}

/** What each step is given, by its number, and why not what else it names; 0 is the stage itself. */
export function secretsForSteps(request: StageRequest): ReadonlyMap<number, StepSecrets> {
  const budget = { left: STAGE_BYTES_MAX }
  const all = new Map<number, StepSecrets>()
  for (const step of request.stage.steps) {
    if (step.kind === 'clone') continue
    const number = request.steps.find(({ name }) => name === step.name)?.number
    const names = namesOf(step)
    if (number === undefined || names.length === 0) continue
    all.set(number, given(request, names, step, budget))
  }
  const pulls = given(request, request.stage.imagePullSecrets ?? [], null, budget)
  const { registries } = request
  const hasPulls = registries.length > 0 || (request.stage.imagePullSecrets ?? []).length > 0
  const ofStage: PullSecrets = { ...pulls, registries }
  if (hasPulls) all.set(PULLS, ofStage)
  return all
}

function namesOf(step: SandboxStep): readonly string[] {
  const publish = step.kind === 'commands' ? step.publish : undefined
  const values: readonly (ValuePlan | undefined)[] = [publish?.username, publish?.password]
  const published = values.flatMap((value) => value?.secret ?? [])
  const inner = Object.values(step.secretTexts ?? {}).flatMap((parts) =>
    parts.flatMap(({ secret }) => secret ?? []),
  )
  return [...new Set([...Object.values(step.secrets ?? {}), ...inner, ...published])]
}

function given(
  request: StageRequest,
  names: readonly string[],
  step: SandboxStep | null,
  budget: { left: number },
): StepSecrets {
  const values: Record<string, SecretValue> = {}
  const missing: Record<string, string> = {}
  for (const name of names) {
    const found = take(request, name, step, budget)
    if (typeof found === 'string') missing[name] = found
    else values[name] = found
  }
  return { values, missing }
}

/** The value, or why there is none. */
function take(
  request: StageRequest,
  name: string,
  step: SandboxStep | null,
  budget: { left: number },
): SecretValue | string {
  if (request.fork) return 'builds of forks get no secrets'
  const secret = request.secrets.get(name)
  if (secret === undefined) return 'there is none of that name'
  const refusal = refusalOf(secret.row, request, step)
  if (refusal !== null) return refusal
  const value = openedOrNull(secret)
  if (value === null) return 'it cannot be decrypted; the log of the server says more'
  budget.left -= Buffer.byteLength(value)
  if (budget.left < 0) return `the secrets of this stage are more than ${STAGE_BYTES_MAX} bytes`
  const images = listIn(secret.row.images_json)
  return images.length === 0 ? { value } : { value, images }
}

/** One damaged value must not keep the stage, and others behind it, from the queue. */
function openedOrNull(secret: NamedSecret): string | null {
  try {
    return secret.open()
  } catch {
    return null
  }
}

function refusalOf(
  row: SecretRow,
  { event, stage }: StageRequest,
  step: SandboxStep | null,
): string | null {
  const events = listIn(row.events_json)
  if (isPullRequest(event)) {
    if (row.pull_request !== 1) return 'it is not for pull requests'
  } else if (events.length > 0 && !events.includes(event.event)) {
    return `it is not for the event ${event.event}`
  }
  const branches = listIn(row.branches_json)
  if (branches.length > 0 && !branches.some((branch) => matches(branch, event.branch))) {
    return event.branch === '' ? 'it is for some branches only' : 'it is not for this branch'
  }
  const images = listIn(row.images_json)
  if (step === null) return images.length === 0 ? null : 'it is for plugins of some images only'
  return imageRefusal(images, step, stage)
}

function matches(pattern: string, branch: string): boolean {
  const glob = parseGlob(pattern)
  return !('problem' in glob) && branch !== '' && glob.matches(branch)
}
