import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Builder } from '../../../pipelines/index.js'
import type { StageJob } from '../../../protocol/job.js'
import type { Lease } from '../../layers/types.js'
import { armDeadline } from '../../stage/deadline.js'
import type { StageDeps } from '../../stage/deps.js'
import { environmentOf } from '../../stage/step-environment.js'
import { limitsOfStep } from '../../stage/step-limits.js'
import type { StepRun, TryOutcome } from '../../stage/step-run.js'
import type { StepStop } from '../../stage/step-stop.js'
import { stopVerdict, type Verdict } from '../../stage/verdict.js'
import { readBuildRequest, timeOf, type BuildRequest } from '../plugins/build-request.js'
import type { RunConfig } from '../image/oci-image.js'
import { openAmazon } from '../push/amazon.js'
import { credentialsOf } from '../push/credentials.js'
import { pushImage } from '../push/push-image.js'
import { baseImages } from './base-images.js'
import { Build } from './build.js'
import { BuildGround } from './build-ground.js'
import { RunFailed } from './stage-build.js'
import { targetsOf } from './targets.js'

/**
 * Builds an image where the step's own is a plugin that does so with Docker, and pushes it.
 * @throws SandpiperError or NativeError for what is no failure of a RUN
 */
export async function buildStep(
  run: StepRun,
  builder: Builder,
  tryNumber: number,
  deps: StageDeps,
): Promise<TryOutcome> {
  const directory = path.join(run.directory, String(tryNumber))
  const stop = run.stop.forTry()
  try {
    await deps.disk.assertRoom(stop.signal)
    run.onUp()
    const verdict = await buildWithin({ run, builder, directory, deps, stop })
    return { ...verdict, stop: stop.reason, wasUp: true }
  } finally {
    stop.done()
    await deps.trash.discard(directory)
  }
}

interface Work {
  readonly run: StepRun
  readonly builder: Builder
  readonly directory: string
  readonly deps: StageDeps
  readonly stop: StepStop
}

async function buildWithin(work: Work): Promise<Verdict> {
  const { run, builder, deps, stop } = work
  const env = environmentOf(run, { env: {} }, {}, deps.machine)
  const { request, notes } = readBuildRequest(env, builder, Date.now())
  for (const note of notes) await run.log.say(note)
  if (request.tags.kind === 'skip') {
    await run.log.say(`nothing is built: ${request.tags.reason}`)
    return SUCCESS
  }
  const limits = limitsOfStep(run.step, deps.limits)
  const limitMs = limits.stepTimeoutMs
  const timer =
    limitMs === undefined
      ? undefined
      : armDeadline(limitMs, () => stop.stop({ kind: 'time', limitMs, ofStep: true }))
  const lease = await deps.layers.lease()
  try {
    return await buildImage(work, { request, env, lease })
  } catch (error) {
    if (stop.reason !== null) return await told(run, stopVerdict(stop.reason, 1))
    if (error instanceof RunFailed) return await told(run, error.verdict)
    throw error
  } finally {
    clearTimeout(timer)
    await lease.release()
  }
}

const SUCCESS: Verdict = { status: 'success', exitCode: 0, error: '' }

async function told(run: StepRun, verdict: Verdict): Promise<Verdict> {
  if (verdict.error !== '') await run.log.say(verdict.error)
  return verdict
}

async function buildImage(
  { run, builder, directory, deps, stop }: Work,
  {
    request: asked,
    env,
    lease,
  }: {
    readonly request: BuildRequest
    readonly env: Readonly<Record<string, string>>
    readonly lease: Lease
  },
): Promise<Verdict> {
  const limits = limitsOfStep(run.step, deps.limits)
  const say = (text: string): Promise<void> => run.log.say(text)
  const amazon = await openAmazon(asked, builder, {
    ...{ registries: deps.registries, signal: stop.signal, say },
  })
  const { request } = amazon
  const open = await run.openStage()
  const ground = new BuildGround({ run, open, deps, limits, directory, stop })
  const keeper = {
    ...{ layers: deps.layers, lease, signal: stop.signal },
    bytesMax: limits.diskBytes,
  }
  const origins = new Set<string>()
  const bring = baseImages({ run, deps, lease, request, signal: stop.signal })
  const build = await Build.open({
    ...{ ground, keeper, request },
    place: { workspace: run.job.stage.workspace, directory: run.step.workingDir ?? '.' },
    created: timeOf(env, Date.now()),
    cacheScopes: cacheScopesOf(run.job),
    image: async (name, place) => {
      const image = await bring(name, place)
      if (image.origin !== undefined) origins.add(image.origin.registry)
      return image
    },
    say,
  })
  const targets = await targetsOf(request, build)
  const built = await build.run()
  const image = { ...built, config: withLabels(built.config, request.labels) }
  if (!request.push) {
    await run.log.say('built; nothing is pushed, as the settings say')
    return SUCCESS
  }
  await amazon.makeRepositories()
  await mkdir(path.join(directory, 'push'), { recursive: true, mode: 0o700 })
  await pushImage({
    ...{ registries: deps.registries, layers: deps.layers, lease, image, targets },
    credentials: credentialsOf(request.logins),
    origins,
    directory: path.join(directory, 'push'),
    signal: stop.signal,
    say,
  })
  return SUCCESS
}

/** A pull request may be a stranger's: it takes layers from its repo, and keeps its own to itself. */
export function cacheScopesOf({ repo, ref, environment }: StageJob): readonly string[] {
  const own = `${String(repo.id)} ${repo.slug}`
  const isRequest = (environment['DRONE_BUILD_EVENT'] ?? '').startsWith('pull_request')
  return isRequest || /^refs\/(?:pull|merge-requests?)\//.test(ref) ? [`${own} ${ref}`, own] : [own]
}

function withLabels(config: RunConfig, labels: Readonly<Record<string, string>>): RunConfig {
  const Labels = { ...config.Labels, ...labels }
  return Object.keys(Labels).length === 0 ? config : { ...config, Labels }
}
