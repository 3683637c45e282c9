import { setTimeout as delay } from 'node:timers/promises'
import { isTerminal } from '../../protocol/status.js'
import type { BuildView } from '../terminal/view.js'
import { getBuild, type ApiBuild, type ApiStage, type ApiStep, type RepoName } from './api.js'
import type { ServerAddress } from './find-server.js'
import { followLog, logPath } from './follow-log.js'
import { send } from './http.js'

const POLL_MS = 250

export interface FollowBuildOptions {
  readonly server: ServerAddress
  readonly repo: RepoName
  readonly number: number
  readonly view: BuildView
  readonly signal: AbortSignal
  /** Go on until the build has ended; else show what is there now. */
  readonly follow: boolean
}

interface Following {
  readonly options: FollowBuildOptions
  /** Steps by `stage.step` whose log is being read, with the promise of its end. */
  readonly logs: Map<string, Promise<void>>
  readonly added: Set<string>
  readonly finished: Set<string>
}

/** Shows a build's steps and logs as they happen. @returns the build as it was last seen */
export async function followBuild(options: FollowBuildOptions): Promise<ApiBuild> {
  const following: Following = { options, logs: new Map(), added: new Set(), finished: new Set() }
  for (;;) {
    const { server, repo, number } = options
    const build = await getBuild(server, repo, number)
    const steps = (build.stages ?? []).flatMap((stage) =>
      (stage.steps ?? []).map((step) => ({ stage, step, id: `${stage.number}.${step.number}` })),
    )
    for (const step of steps) addStep(following, build, step)
    for (const step of steps) await showStep(following, step)
    if (isTerminal(build.status) || !options.follow) {
      await Promise.all(following.logs.values())
      return build
    }
    await delay(POLL_MS, undefined, { signal: options.signal })
  }
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

async function showStep(
  { options, logs, finished }: Following,
  { stage, step, id }: KnownStep,
): Promise<void> {
  const { view } = options
  const ended = isTerminal(step.status)
  const hasLog = step.started_ms > 0 && (ended || step.status === 'running')
  if (hasLog && !logs.has(id)) {
    view.started(id)
    logs.set(id, readLog(options, stage, step, id))
  }
  if (!ended || finished.has(id)) return
  finished.add(id)
  // The end is shown after the last line of the log, as it happened.
  await logs.get(id)
  const durationMs = Math.max(0, step.stopped_ms - step.started_ms)
  view.finished(id, {
    status: step.status,
    exitCode: step.exit_code,
    error: step.error,
    durationMs,
  })
}

async function readLog(
  { server, repo, number, view, signal, follow }: FollowBuildOptions,
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
  await followLog(server, log, { signal, onText: (text) => view.output(id, text) })
}
