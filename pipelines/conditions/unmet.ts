import { quote } from '../diagnostics/quote.js'
import { OPTIONAL_EVENTS } from '../event.js'
import { evaluateExpression } from '../expressions/evaluate-expression.js'
import type { Expression } from '../expressions/parse-expression.js'
import type { Condition } from '../schema/condition-shape.js'
import type { ConditionSet } from '../schema/conditions-shape.js'
import type { Located } from '../schema/shape.js'
import type { ConditionContext } from './context.js'
import { FACT_NAMES, type FactName } from './facts.js'
import { holdsForAny } from './match.js'
import { unmetMatrix } from './matrix.js'
import { unmetPaths } from './paths.js'

/** What conditions stand on: some mean something on only one of the two. */
export type Scope = 'step' | 'pipeline'

/** The first condition of a set that does not hold, in words; undefined when all do. */
export function firstUnmet(
  set: ConditionSet,
  context: ConditionContext,
  scope: Scope,
): string | undefined {
  for (const name of FACT_NAMES) {
    const unmet = unmetFact(name, set, context, scope)
    if (unmet !== undefined) return unmet
  }
  return (
    unmetCombination(set, context, scope) ??
    unmetFiles(set, context) ??
    unmetExpression(set, context)
  )
}

function unmetFact(
  name: FactName,
  set: ConditionSet,
  context: ConditionContext,
  scope: Scope,
): string | undefined {
  const condition = set[name]
  const isUnnamed = name === 'event' && (condition?.include.length ?? 0) === 0
  if (isUnnamed && scope === 'pipeline' && isOptional(context)) return unnamedEvent(context)
  if (condition === undefined) return undefined
  if (isPassedOver(name, context, scope)) {
    if (name === 'instance') warnOfInstance(condition, context)
    return undefined
  }
  const fact = context.facts[name]
  if (holdsForAny(condition, namesOf(name, fact, context), context.matches)) return undefined
  const value = fact === '' ? 'empty' : quote(fact)
  return `the ${name} is ${value}, which the condition on \`${name}\` does not match${wished(condition)}`
}

/** Whether only pipelines that name the event run for it. */
export function isOptional({ event }: ConditionContext): boolean {
  return OPTIONAL_EVENTS.includes(event.event)
}

/** Why a pipeline whose trigger names no events does not run for an optional one. */
export function unnamedEvent({ event }: ConditionContext): string {
  return `the event is ${quote(event.event)}, which runs only pipelines whose \`trigger\` names it in \`event\``
}

/** Patterns of a condition that are named when it does not hold. */
const NAMED_MAX = 3

function wished({ include, exclude }: Condition): string {
  const [word, patterns] = include.length > 0 ? ['wants', include] : ['excludes', exclude]
  const named = patterns.slice(0, NAMED_MAX).map(({ source }) => quote(source))
  const rest = patterns.length > NAMED_MAX ? ', ...' : ''
  return ` (${word} ${named.join(', ')}${rest})`
}

/**
 * Conditions that a tool does not look at: Drone has `instance` on steps only; Woodpecker tests the
 * branch of everything but tags, and the cron job only when there is one.
 */
function isPassedOver(name: FactName, { dialect, facts }: ConditionContext, scope: Scope): boolean {
  switch (dialect) {
    case 'woodpecker':
      return (
        (name === 'branch' && facts.event === 'tag') || (name === 'cron' && facts.event !== 'cron')
      )
    case 'drone':
      return name === 'instance' && scope === 'pipeline'
    default:
      return false
  }
}

function warnOfInstance({ node }: Condition, { reporter }: ConditionContext): void {
  const message = 'Drone does not look at `instance` in a `trigger`, so it changes nothing here'
  const hint = 'put it into `when` of the steps'
  reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message, hint)
}

/** Woodpecker's names of events that we have other names for. */
const FOREIGN_EVENTS: Readonly<Record<string, string>> = {
  promote: 'deployment',
  rollback: 'deployment',
  custom: 'manual',
}

function namesOf(name: FactName, fact: string, { dialect }: ConditionContext): string[] {
  if (name !== 'event' || dialect !== 'woodpecker') return [fact]
  return [fact, FOREIGN_EVENTS[fact] ?? fact]
}

/** Woodpecker looks at the matrix on steps only. */
function unmetCombination(
  { matrix }: ConditionSet,
  context: ConditionContext,
  scope: Scope,
): string | undefined {
  if (matrix === undefined || (context.dialect === 'woodpecker' && scope === 'pipeline'))
    return undefined
  return unmetMatrix(matrix, context)
}

function unmetFiles({ paths, path }: ConditionSet, context: ConditionContext): string | undefined {
  for (const condition of [paths, path]) {
    const unmet = condition && unmetPaths(condition, context)
    if (unmet !== undefined) return unmet
  }
  return undefined
}

function unmetExpression(
  { evaluate }: ConditionSet,
  context: ConditionContext,
): string | undefined {
  if (evaluate === undefined) return undefined
  const result = evaluateExpression(evaluate.value, context.variables, context.effort.expressions)
  if ('value' in result) {
    return result.value ? undefined : `the expression ${quote(evaluate.value.source)} is false`
  }
  reportExpression(evaluate, result, context)
  return result.problem
}

function reportExpression(
  { value, node }: Located<Expression>,
  { problem, hint }: { readonly problem: string; readonly hint?: string },
  { reporter }: ConditionContext,
): void {
  const message = `the expression ${quote(value.source)} can't be evaluated: ${problem}`
  reporter.error('SP_PIPELINE_EXPRESSION', node.span, message, hint)
}
