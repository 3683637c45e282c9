import type { RunOn } from '../plan.js'
import type { Conditions, ConditionSet } from '../schema/conditions-shape.js'
import type { ConditionContext } from './context.js'
import { either, runOnOfPipeline, runOnOfStep } from './status.js'
import { firstUnmet, isOptional, type Scope, unnamedEvent } from './unmet.js'

/** Whether conditions hold: then after what the step or pipeline runs, else why not, in words. */
export type Verdict =
  | { readonly holds: true; readonly runOn: RunOn }
  | { readonly holds: false; readonly reason: string }

/** Evaluates `when` of a step or service. An expression that fails is reported, and does not hold. */
export function evaluateWhen(when: Conditions | undefined, context: ConditionContext): Verdict {
  return evaluate(when, context, 'step')
}

/** Evaluates `trigger` of a pipeline: optional events it has to name. */
export function evaluateTrigger(
  trigger: Conditions | undefined,
  context: ConditionContext,
): Verdict {
  const isAny = trigger === undefined || trigger.alternatives.length === 0
  if (isAny && isOptional(context)) return { holds: false, reason: unnamedEvent(context) }
  return evaluate(trigger, context, 'pipeline')
}

const SUCCESS_ONLY: RunOn = { success: true, failure: false }
const NEVER: RunOn = { success: false, failure: false }

/** All alternatives that hold say together when it runs. */
function evaluate(
  conditions: Conditions | undefined,
  context: ConditionContext,
  scope: Scope,
): Verdict {
  if (conditions === undefined || conditions.alternatives.length === 0) {
    return { holds: true, runOn: SUCCESS_ONLY }
  }
  let runOn = NEVER
  const reasons: string[] = []
  for (const set of conditions.alternatives) {
    const verdict = evaluateSet(set, context, scope)
    if (verdict.holds) runOn = either(runOn, verdict.runOn)
    else reasons.push(verdict.reason)
  }
  return runOn.success || runOn.failure
    ? { holds: true, runOn }
    : { holds: false, reason: summaryOf(reasons) }
}

function evaluateSet(set: ConditionSet, context: ConditionContext, scope: Scope): Verdict {
  const reason = firstUnmet(set, context, scope)
  if (reason !== undefined) return { holds: false, reason }
  const runOn = (scope === 'step' ? runOnOfStep : runOnOfPipeline)(set.status, context.matches)
  if (runOn.success || runOn.failure) return { holds: true, runOn }
  return { holds: false, reason: 'the condition on `status` matches neither success nor failure' }
}

/** Reasons of a list that are told; the rest is counted. */
const REASONS_TOLD_MAX = 3

function summaryOf(reasons: readonly string[]): string {
  const [only = ''] = reasons
  if (reasons.length === 1) return only
  const told = [...new Set(reasons)]
  const rest = told.length - REASONS_TOLD_MAX
  const listed = told.slice(0, REASONS_TOLD_MAX).join('; ')
  return `none of its ${reasons.length} alternatives holds: ${listed}${rest > 0 ? `; and ${rest} more` : ''}`
}
