import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { PublishPlan, ValuePlan } from '../../../pipelines/plan.js'
import { SandpiperError } from '../../../protocol/errors.js'
import type { StepLimits } from '../../config.js'
import { parseImageName } from '../../layers/image-name.js'
import { IMAGE_LAYERS_MAX } from '../../layers/limits.js'
import type { Image } from '../../layers/types.js'
import type { StageDeps } from '../../stage/deps.js'
import { namedCredentials } from '../../stage/pull-credentials.js'
import { absence } from '../../stage/secrets.js'
import { NO_SECRETS, type GivenSecrets } from '../../secrets/stage-secrets.js'
import type { StepRun } from '../../stage/step-run.js'
import { baseImage } from '../image/base-image.js'
import { ImageDraft } from '../image/draft.js'
import { variablesOf, type RunConfig } from '../image/oci-image.js'
import { timeOf } from '../plugins/build-request.js'
import { credentialsOf } from '../push/credentials.js'
import { pushImage } from '../push/push-image.js'
import { keepUpper } from '../run/layers.js'

/** A step that has succeeded, with what it wrote. */
export interface Published {
  readonly run: StepRun
  readonly plan: PublishPlan
  /** Upper directory of its overlay. */
  readonly upper: string
  /** Ids that the files there belong to: 0 inside is `start`. */
  readonly ids: { readonly start: number; readonly count: number }
  /** The image that it ran on. */
  readonly image: Image
  readonly limits: StepLimits
  /** Directory of the step alone. */
  readonly directory: string
}

/**
 * Makes a layer of what a step wrote to its root, on the step's image, and pushes the new image.
 * @throws SandpiperError of the layer store and the registry client, SP_PUBLISH_*; AbortError
 */
export async function publishStep(published: Published, deps: StageDeps): Promise<void> {
  const { run, plan, upper, ids, image, limits, directory } = published
  const { signal } = run.stop
  const say = (text: string): Promise<void> => run.log.say(text)
  if (plan.tags.length === 0) throw noTags()
  const targets = plan.tags.map((tag) => parseImageName(`${plan.repo}:${tag}`))
  const credentials = credentialsFor(plan, run, deps)
  const lease = await deps.layers.lease()
  try {
    if (!(await lease.hold(image.layers))) throw goneImage(image)
    const keeper = { layers: deps.layers, lease, signal, bytesMax: limits.diskBytes }
    const layer = await keepUpper(keeper, upper, ids)
    if (layer === null) await say('the step wrote nothing to its root: the image has no new layer')
    if (image.layers.length >= IMAGE_LAYERS_MAX) throw tooManyLayers()
    const base = baseImage(image)
    const created = timeOf(run.step.environment, Date.now())
    const draft = new ImageDraft(base, created)
    if (layer !== null) draft.add(`step ${run.step.name}`, layer.diffId)
    const push = path.join(directory, 'push')
    await mkdir(push, { recursive: true, mode: 0o700 })
    await pushImage({
      ...{ registries: deps.registries, layers: deps.layers, lease, targets, credentials },
      image: draft.finish(configOf(base.config, plan), base.author ?? null),
      origins: new Set(image.origin === undefined ? [] : [image.origin.registry]),
      ...{ directory: push, signal, say },
    })
  } finally {
    await lease.release()
  }
}

function configOf(base: RunConfig, plan: PublishPlan): RunConfig {
  const { entrypoint, cmd, env, workdir, user, labels } = plan
  const { Cmd, ...rest } = base
  const variables = new Map([...variablesOf(base), ...Object.entries(env ?? {})])
  // As in a Dockerfile, an entrypoint takes away the arguments that were for another one.
  const kept = entrypoint === undefined && Cmd !== undefined ? { Cmd } : {}
  return {
    ...rest,
    ...kept,
    ...(env === undefined
      ? {}
      : { Env: [...variables].map(([name, value]) => `${name}=${value}`) }),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(cmd === undefined ? {} : { Cmd: cmd }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(user === undefined ? {} : { User: user }),
    ...(labels === undefined ? {} : { Labels: { ...base.Labels, ...labels } }),
  }
}

function credentialsFor(
  { repo, username, password }: PublishPlan,
  { job, number }: StepRun,
  { secrets }: Pick<StageDeps, 'secrets'>,
): ReturnType<typeof credentialsOf> {
  const all = secrets ?? NO_SECRETS
  const { configs } = namedCredentials(job.stage, all)
  const given = all.ofStep(number)
  if (username === undefined && password === undefined) return configs
  const { registry } = parseImageName(repo)
  const login = {
    registry,
    username: valueOf('username', username, given),
    password: valueOf('password', password, given),
  }
  return [...credentialsOf({ logins: [login], configs: [] }), ...configs]
}

function valueOf(key: string, plan: ValuePlan | undefined, given: GivenSecrets): string {
  if (plan === undefined) {
    throw new SandpiperError('SP_PUBLISH_LOGIN', `\`publish\` has no ${key} for its registry`, {
      hint: 'Give `username` and `password`, or neither.',
    })
  }
  const value = plan.secret === undefined ? plan.value : given.values.get(plan.secret)
  if (value !== undefined) return value
  throw new SandpiperError(
    'SP_PUBLISH_LOGIN',
    `${absence(plan.secret ?? '', given)}; the ${key} of \`publish\` is to be taken from it`,
    { hint: 'Add it: sandpiper secret set OWNER/NAME NAME; for exec: --secret-file FILE.' },
  )
}

function noTags(): SandpiperError {
  return new SandpiperError('SP_PUBLISH_TAGS', 'all `tags` of `publish` are empty', {
    hint: 'Name one that every event has, such as `latest`, or run the step for tags only.',
  })
}

function goneImage({ name }: Image): SandpiperError {
  return new SandpiperError('SP_PUBLISH_IMAGE', `image ${name} was removed while the step ran`, {
    hint: 'Run the step again.',
  })
}

function tooManyLayers(): SandpiperError {
  return new SandpiperError(
    'SP_PUBLISH_IMAGE',
    `the image of the step has ${String(IMAGE_LAYERS_MAX)} layers, and can have no more`,
    { hint: 'Use an image with fewer layers.' },
  )
}
