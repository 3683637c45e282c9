import type { StageJob } from '../../protocol/job.js'
import { maskSink } from '../secrets/mask-sink.js'
import { MaskRules } from '../secrets/mask/masker.js'
import { NO_SECRETS, secretsOfJob, type StageSecrets } from '../secrets/stage-secrets.js'
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
  const { secrets, problem } = secretsFor(job, deps)
  const rules = maskRulesFor(job, secrets)
  const run = new StageRun(job, { ...deps, secrets, masks: rules }, maskSink(sink, rules))
  if (problem !== null) run.refuse(problem)
  const onAbort = (): void => run.stop(stageStopOf(signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const limitMs = Math.min(job.stage.timeoutMs ?? Infinity, job.timeoutMs)
  const stop: StageStop = { reason: { kind: 'time', limitMs }, urgent: false }
  const timer = armDeadline(limitMs, () => run.stop(stop))
  try {
    const outcome = await run.run()
    return { ...outcome, error: rules.mask(outcome.error) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** What the stage may have; where that can't be told, it must not run. */
function secretsFor(
  job: StageJob,
  deps: StageDeps,
): { readonly secrets: StageSecrets; readonly problem: unknown } {
  try {
    const secrets = deps.secrets ?? secretsOfJob(job, deps.jobKey ?? null)
    return { secrets, problem: null }
  } catch (problem) {
    return { secrets: NO_SECRETS, problem }
  }
}

/** The password in the address that the repo is fetched from is no less of a secret. */
function maskRulesFor({ repo }: StageJob, { values }: StageSecrets): MaskRules {
  const password = URL.parse(repo.cloneUrl)?.password ?? ''
  return new MaskRules(password === '' ? values : [...values, password, decoded(password)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function stageStopOf(signal: AbortSignal): StageStop {
  const stop = signal.reason as StageStop | undefined
  if (stop && typeof stop === 'object' && 'reason' in stop && 'urgent' in stop) return stop
  return { reason: { kind: 'cancelled', reason: '' }, urgent: false }
}
