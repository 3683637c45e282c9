import { setTimeout as delay } from 'node:timers/promises'
import { isTerminal } from '../../protocol/status.js'
import { cleanName } from '../terminal/log-lines.js'
import type { BuildView } from '../terminal/view.js'
import { getBuild, type ApiBuild, type ApiStage, type ApiStep, type RepoName } from './api.js'
import type { ServerAddress } from './find-server.js'
import { followLog, logPath } from './follow-log.js'
import { send } from './http.js'
import { askPatiently, type Patience } from './patience.js'

const POLL_MS = 250

/** How often in a row a build has to say why it waits before it is told: most wait for a moment. */
const WAITS_TOLD_AFTER = 4

export interface FollowBuildOptions extends Omit<Patience, 'onLost'> {
  readonly server: ServerAddress
  readonly repo: RepoName
  readonly number: number
  readonly view: BuildView
  /** Go on until the build has ended; else show what is there now. */
  readonly follow: boolean
}

interface Following {
  readonly options: FollowBuildOptions
  /** Ends the reading of logs, when they are not wanted any more or one of them failed. */
  readonly logsEnd: AbortController
  /** Steps by `stage.step` whose log is being read, with the promise of its end, which never fails. */
  readonly logs: Map<string, Promise<void>>
  readonly added: Set<string>
  readonly finished: Set<string>
  /** Newest attempt of each stage by the stage's number. */
  readonly attempts: Map<number, number>
  /** Why the build waits, and how many times in a row it said so. */
  readonly waits: { text: string; times: number }
}

/**
 * Shows a build's steps and logs as they happen. @returns the build as it was last seen
 * @throws what `followLog` throws
 */
export async function followBuild(options: FollowBuildOptions): Promise<ApiBuild> {
  const logsEnd = new AbortController()
  const signal = AbortSignal.any([options.signal, logsEnd.signal])
  const following: Following = {
    options: { ...options, signal },
    ...{ logsEnd, logs: new Map(), added: new Set(), finished: new Set(), attempts: new Map() },
    waits: { text: '', times: 0 },
  }
  try {
    return await showUntilEnd(following)
  } catch (error) {
    // Whatever the abort broke off, its reason is what happened.
    signal.throwIfAborted()
    throw error
  } finally {
    logsEnd.abort()
    await Promise.all(following.logs.values())
  }
}

async function showUntilEnd(following: Following): Promise<ApiBuild> {
  const { options } = following
  const { server, repo, number, signal, view } = options
  const onLost = (): void => view.note(`${server.url} does not answer; trying again`)
  for (;;) {
    const build = options.follow
      ? await askPatiently(server, { ...options, onLost }, () => getBuild(server, repo, number))
      : await getBuild(server, repo, number)
    for (const stage of build.stages ?? []) noteAttempt(following, stage)
    if (options.follow) noteWait(following, build)
    const steps = (build.stages ?? []).flatMap((stage) =>
      (stage.steps ?? []).map((step) => ({ stage, step, id: `${stage.number}.${step.number}` })),
    )
    for (const step of steps) addStep(following, build, step)
    for (const step of steps) await showStep(following, step)
    if (isTerminal(build.status) || !options.follow) {
      await Promise.all(following.logs.values())
      signal.throwIfAborted()
      return build
    }
    await delay(POLL_MS, undefined, { signal })
  }
}

/** A new attempt runs every step again, also those that had ended: their logs are read anew. */
function noteAttempt(following: Following, stage: ApiStage): void {
  const { attempts, finished, logs, options } = following
  const before = attempts.get(stage.number) ?? stage.attempt
  attempts.set(stage.number, stage.attempt)
  if (stage.attempt <= before) return
  options.view.note(
    `${cleanName(stage.name)}: the runner was lost; attempt ${stage.attempt} begins`,
  )
  for (const step of stage.steps ?? []) {
    const id = `${stage.number}.${step.number}`
    if (finished.delete(id)) logs.delete(id)
  }
}

/** Tells once why a build stands still. */
function noteWait({ waits, options }: Following, { waiting: text = '' }: ApiBuild): void {
  waits.times = text === waits.text ? waits.times + 1 : 1
  waits.text = text
  if (text === '' || waits.times !== WAITS_TOLD_AFTER) return
  const { owner, name } = options.repo
  const place = `${cleanName(`${owner}/${name}`)} ${options.number}`
  const approve = text.startsWith('waits for approval')
    ? `; 'sandpiper build approve ${place}' lets it run`
    : ''
  options.view.note(`${cleanName(text)}${approve}`)
}

interface KnownStep {
  readonly stage: ApiStage
  readonly step: ApiStep
  readonly id: string
}

function addStep({ options, added }: Following, build: ApiBuild, known: KnownStep): void {
  const { stage, step, id } = known
  if (added.has(id)) return
  added.add(id)
  const several = (build.stages?.length ?? 0) > 1
  options.view.add({ id, name: several ? `${stage.name}/${step.name}` : step.name })
}

async function showStep(following: Following, { stage, step, id }: KnownStep): Promise<void> {
  const { options, logs, finished, logsEnd } = following
  const { view } = options
  const ended = isTerminal(step.status)
  const hasLog = step.started_ms > 0 && (ended || step.status === 'running')
  if (hasLog && !logs.has(id)) {
    view.started(id)
    const ended = readLog(options, stage, step, id)
    logs.set(
      id,
      ended.catch((error: unknown) => logsEnd.abort(error)),
    )
  }
  if (!ended || finished.has(id)) return
  finished.add(id)
  // The end is shown after the last line of the log, as it happened.
  await logs.get(id)
  options.signal.throwIfAborted()
  const durationMs = Math.max(0, step.stopped_ms - step.started_ms)
  view.finished(id, {
    status: step.status,
    exitCode: step.exit_code,
    error: step.error,
    durationMs,
  })
}

async function readLog(
  { server, repo, number, view, signal, follow, triesMax }: FollowBuildOptions,
  stage: ApiStage,
  step: ApiStep,
  id: string,
): Promise<void> {
  const log = { repo, build: number, stage: stage.number, step: step.number }
  if (!follow) {
    const response = await send(server, logPath(log), { headers: { accept: 'text/plain' }, signal })
    const text = await response.text()
    if (text !== '') view.output(id, text)
    return
  }
  await followLog(server, log, {
    ...{ signal, onText: (text) => view.output(id, text) },
    ...(triesMax === undefined ? {} : { triesMax }),
  })
}
