import type { RunOn } from '../plan.js'
import type { Condition } from '../schema/condition-shape.js'
import type { GlobMatcher } from './glob-matcher.js'
import { holds } from './match.js'

const SUCCESS_ONLY: RunOn = { success: true, failure: false }

/**
 * When a step runs, by `when.status`: after success unless it asks for failures. A status that is
 * neither (Drone 0.8 had `changed`) changes nothing, as in Drone.
 */
export function runOnOfStep(status: Condition | undefined, matches: GlobMatcher): RunOn {
  const runOn = runOnOfPipeline(status, matches)
  return runOn.failure ? runOn : SUCCESS_ONLY
}

/** When a pipeline runs, by `trigger.status`: after success, unless it says something else. */
export function runOnOfPipeline(status: Condition | undefined, matches: GlobMatcher): RunOn {
  if (status === undefined || status.include.length + status.exclude.length === 0) {
    return SUCCESS_ONLY
  }
  return { success: holds(status, 'success', matches), failure: holds(status, 'failure', matches) }
}

/** When something runs that both ask for. */
export function either(one: RunOn, other: RunOn): RunOn {
  return { success: one.success || other.success, failure: one.failure || other.failure }
}
