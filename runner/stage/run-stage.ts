import type { StageJob } from '../../protocol/job.js'
import { armDeadline } from './deadline.js'
import type { StageDeps } from './deps.js'
import type { StageSink } from './sink.js'
import { StageRun, type StageOutcome, type StageStop } from './stage-run.js'

export type { StageOutcome, StageStop } from './stage-run.js'

/**
 * Runs one stage to its end and leaves nothing of it behind. What the steps do, and what goes wrong
 * in making their sandboxes, is told to the sink and never thrown. Abort `signal` with a `StageStop`.
 * A stage that this runner may not run ends as an error before anything of it starts.
 */
export async function runStage(
  job: StageJob,
  deps: StageDeps,
  sink: StageSink,
  signal: AbortSignal,
): Promise<StageOutcome> {
  const run = new StageRun(job, deps, sink)
  const onAbort = (): void => run.stop(stageStopOf(signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const limitMs = Math.min(job.stage.timeoutMs ?? Infinity, job.timeoutMs)
  const stop: StageStop = { reason: { kind: 'time', limitMs }, urgent: false }
  const timer = armDeadline(limitMs, () => run.stop(stop))
  try {
    return await run.run()
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

function stageStopOf(signal: AbortSignal): StageStop {
  const stop = signal.reason as StageStop | undefined
  if (stop && typeof stop === 'object' && 'reason' in stop && 'urgent' in stop) return stop
  return { reason: { kind: 'cancelled', reason: '' }, urgent: false }
}
