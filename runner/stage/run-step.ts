import { setTimeout as delay } from 'node:timers/promises'
import type { RetryPlan } from '../../pipelines/plan.js'
import { TIMER_MS_MAX } from './deadline.js'
import { buildStep } from '../build/run/build-step.js'
import { builderOf } from './builder-of.js'
import type { StageDeps } from './deps.js'
import { formatDuration } from './format.js'
import type { StepOutcome, StepRun, TryOutcome } from './step-run.js'
import { tryStep } from './try-step.js'
import { stopVerdict } from './verdict.js'

/**
 * Runs a step to its end, again where it failed and its plan says so. The workspace is for each try as
 * the one before left it; the usage of all is in one record.
 * @throws SandpiperError or NativeError when a sandbox can't be made.
 */
export async function runStep(run: StepRun, deps: StageDeps): Promise<StepOutcome> {
  const { log, step, stop } = run
  const { retry } = step
  const tries = 1 + (retry?.count ?? 0)
  for (let number = 1; ; number++) {
    const { stop: reason, wasUp, ...outcome } = await tryOnce(run, number, deps)
    const isLast = retry === undefined || number === tries || (step.detach && wasUp)
    if (isLast || stop.signal.aborted || !isWorthAnother(outcome, reason, retry)) {
      return outcome
    }
    const pauseMs = pauseAfter(number, retry)
    await log.say(`attempt ${number + 1} of ${tries} in ${formatDuration(pauseMs)}`)
    await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined)
    if (stop.reason !== null) return stopVerdict(stop.reason, outcome.exitCode)
    await log.say(`attempt ${number + 1} of ${tries}`)
  }
}

function tryOnce(run: StepRun, number: number, deps: StageDeps): Promise<TryOutcome> {
  const builder = builderOf(run.step)
  return builder === undefined ? tryStep(run, number, deps) : buildStep(run, builder, number, deps)
}

/** What the runner ended is tried again only when the step was to blame for taking too long. */
function isWorthAnother(
  { status, exitCode }: StepOutcome,
  reason: TryOutcome['stop'],
  { exitCodes }: RetryPlan,
): boolean {
  if (status !== 'failure' && status !== 'killed') return false
  if (reason === null) return exitCodes?.includes(exitCode) ?? true
  const isOverdue =
    reason.kind === 'not-ready' || (reason.kind === 'time' && reason.ofStep === true)
  return isOverdue && exitCodes === undefined
}

/** In milliseconds: twice as long each time. */
function pauseAfter(tries: number, { backoffMs }: RetryPlan): number {
  return Math.min(backoffMs * 2 ** (tries - 1), TIMER_MS_MAX)
}
