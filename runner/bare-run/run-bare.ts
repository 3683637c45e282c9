import path from 'node:path'
import type { Sandbox, SandboxExit, Stage } from '../../native/lib/types.js'
import type { Host } from '../host.js'
import type { Lease } from '../layers/types.js'
import { armDeadline } from '../stage/deadline.js'
import { watchDisk } from '../stage/disk-watch.js'
import { PullLog } from '../stage/pull-log.js'
import { hostRoot, rootOfImage, type StepRoot } from '../stage/step-root.js'
import { StepStop } from '../stage/step-stop.js'
import { verdictOf } from '../stage/verdict.js'
import { prepareRun, type PreparedRun } from './prepare.js'
import type { BareRun, BareRunHooks, BareRunResult } from './types.js'

/**
 * Runs one command in a sandbox and a stage of its own, and removes both. What it prints has been
 * written to the last byte when this resolves.
 * @throws SandpiperError or NativeError when the sandbox can't be made; whatever `write` throws
 */
export async function runBare(
  run: BareRun,
  host: Host,
  hooks: BareRunHooks,
): Promise<BareRunResult> {
  const { deps, dataDir } = host
  const times = new Times()
  const directory = path.join(dataDir.stages, 'bare')
  const lease = await deps.layers.lease()
  let ended: Omit<BareRunResult, 'phases'>
  try {
    const root = await rootOf(run, deps, lease, hooks)
    times.mark('pullMs')
    const prepared = await prepareRun(run, root, directory, deps)
    times.mark('prepareMs')
    ended = await withStage(deps, times, (stage) => runIn(stage, prepared, { run, hooks, times }))
  } finally {
    await deps.trash.discard(directory)
    await lease.release()
  }
  times.mark('removeMs')
  return { ...ended, phases: times.phases }
}

/** The root of its image, which is pulled when it is not there, or of the host's tools. */
async function rootOf(
  { image, pull }: BareRun,
  deps: Host['deps'],
  lease: Lease,
  { say, signal }: BareRunHooks,
): Promise<StepRoot> {
  if (image === undefined) return hostRoot(deps)
  const log = new PullLog(image)
  log.listen(say)
  const found = await deps.images.require(image, {
    ...{ lease, signal, say: log.say, onProgress: log.onProgress },
    policy: pull ?? 'if-not-exists',
  })
  log.done()
  return rootOfImage(found, deps.layers)
}

async function withStage<T>(
  { ids, launcher }: Host['deps'],
  times: Times,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const range = await ids.acquire()
  try {
    const { start, count } = range
    const stage = await launcher.createStage({ ids: { start, count } })
    times.mark('stageMs')
    try {
      return await work(stage)
    } finally {
      await stage.destroy()
    }
  } finally {
    await range.release()
  }
}

const INTERRUPTED = { kind: 'cancelled', reason: 'interrupted' } as const

interface Work {
  readonly run: BareRun
  readonly hooks: BareRunHooks
  readonly times: Times
}

async function runIn(
  stage: Stage,
  { spec, limits, sized }: PreparedRun,
  { run, hooks, times }: Work,
): Promise<Omit<BareRunResult, 'phases'>> {
  hooks.signal.throwIfAborted()
  const sandbox = await stage.start(spec)
  times.mark('startMs')
  const stop = new StepStop(run.graceMs)
  stop.attach(sandbox)
  const release = [
    onAbort(hooks.signal, () => stop.stop(INTERRUPTED)),
    onAbort(hooks.kill, () => stop.stop(INTERRUPTED, { urgent: true })),
    armTimeout(run.timeoutMs, stop),
    watchDisk({
      directories: sized,
      pid: sandbox.pid,
      onFull: ({ what, limitBytes }, usedBytes) =>
        stop.stop({ kind: 'disk', what, limitBytes, usedBytes }, { urgent: true }),
    }),
  ]
  try {
    const exit = await finish(sandbox, hooks)
    times.mark('runMs')
    const wasInterrupted = stop.reason?.kind === 'cancelled'
    return { ...verdictOf(exit, stop.reason, limits), exit, wasInterrupted }
  } finally {
    for (const end of release) end()
    stop.done()
  }
}

/** Everything it printed and how it ended. It does not outlive the one who reads. */
async function finish(sandbox: Sandbox, { write }: BareRunHooks): Promise<SandboxExit> {
  try {
    for await (const chunk of sandbox.output) await write(chunk as Buffer)
  } catch (error) {
    sandbox.kill()
    await sandbox.exit
    throw error
  }
  return sandbox.exit
}

function armTimeout(timeoutMs: number | undefined, stop: StepStop): () => void {
  if (timeoutMs === undefined) return () => undefined
  const reason = { kind: 'time', limitMs: timeoutMs, ofStep: true } as const
  const timer = armDeadline(timeoutMs, () => stop.stop(reason))
  return () => clearTimeout(timer)
}

function onAbort(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) action()
  signal.addEventListener('abort', action, { once: true })
  return () => signal.removeEventListener('abort', action)
}

/** Lets each phase last from the mark of the one before it to its own. */
class Times {
  readonly #phases = { pullMs: 0, prepareMs: 0, stageMs: 0, startMs: 0, runMs: 0, removeMs: 0 }
  #since = performance.now()

  get phases(): BareRunResult['phases'] {
    return { ...this.#phases }
  }

  mark(phase: keyof BareRunResult['phases']): void {
    const now = performance.now()
    this.#phases[phase] = now - this.#since
    this.#since = now
  }
}
