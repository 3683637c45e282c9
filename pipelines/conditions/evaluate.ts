import { quote } from '../diagnostics/quote.js'
import type { RunOn } from '../plan.js'
import type { Condition } from '../schema/condition-shape.js'
import { CONDITION_NAMES, type Conditions } from '../schema/conditions-shape.js'
import type { Facts } from './facts.js'

/** Whether one condition holds for a value: what is excluded is out, then what is included is in. */
export function holds({ include, exclude }: Condition, value: string): boolean {
  if (exclude.some((glob) => glob.matches(value))) return false
  return include.length === 0 || include.some((glob) => glob.matches(value))
}

/**
 * The first condition that does not hold, in words; undefined when all do. `status` is left to
 * `runOnOfStep` and `runOnOfPipeline`.
 */
export function unmetCondition(
  conditions: Conditions | undefined,
  facts: Facts,
): string | undefined {
  for (const name of CONDITION_NAMES) {
    const condition = conditions?.[name]
    if (name === 'status' || condition === undefined || holds(condition, facts[name])) continue
    const value = facts[name] === '' ? 'empty' : quote(facts[name])
    return `the ${name} is ${value}, which the condition on \`${name}\` does not match`
  }
  return undefined
}

const SUCCESS_ONLY: RunOn = { success: true, failure: false }

/**
 * When a step runs, by `when.status`: after success unless it asks for failures. A status that is
 * neither (Drone 0.8 had `changed`) changes nothing, as in Drone.
 */
export function runOnOfStep(when: Conditions | undefined): RunOn {
  const runOn = runOnOfStatus(when?.status)
  return runOn.failure ? runOn : SUCCESS_ONLY
}

/** When a pipeline runs, by `trigger.status`: after success, unless it says something else. */
export function runOnOfPipeline(trigger: Conditions | undefined): RunOn {
  return runOnOfStatus(trigger?.status)
}

function runOnOfStatus(status: Condition | undefined): RunOn {
  if (status === undefined || status.include.length + status.exclude.length === 0) {
    return SUCCESS_ONLY
  }
  return { success: holds(status, 'success'), failure: holds(status, 'failure') }
}
