import type { RE2JS } from 're2js'
import { EXPRESSION_EFFORT_MAX, EXPRESSION_LIST_MAX, EXPRESSION_TEXT_MAX } from './limits.js'

/** All variables, by name. */
export type Variables = ReadonlyMap<string, string>

/** What an expression can stand for; null is `nil`: a variable that is not set. */
export type Value = string | number | boolean | null | readonly Value[] | Variables

/** What the expressions of a compilation may still cost. */
export interface Effort {
  left: number
}

/** The same, with the regular expressions that were compiled already. */
export interface ExpressionEffort extends Effort {
  readonly patterns: Map<string, RE2JS>
}

/** Starts the evaluation of the expressions of a compilation. */
export function expressionEffort(): ExpressionEffort {
  return { left: EXPRESSION_EFFORT_MAX, patterns: new Map() }
}

/** Ends an evaluation; `evaluateExpression` catches it. */
export class EvaluationProblem extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message)
  }
}

/** Takes from what is left. */
export function spend(effort: Effort, cost: number): void {
  effort.left -= cost
  if (effort.left < 0) throw new EvaluationProblem('the expressions of the file take too long')
}

/** What a value is called in messages. */
export function describeValue(value: Value): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'number') return 'a number'
  if (typeof value === 'boolean') return `${value}`
  return isList(value) ? 'a list' : '`$env`'
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** Refuses to make a text that is too long. */
export function checkTextLength(length: number): void {
  if (length <= EXPRESSION_TEXT_MAX) return
  throw new EvaluationProblem(`a text is longer than ${EXPRESSION_TEXT_MAX} characters`)
}

/** Refuses a list that is too long to go on with. */
export function boundedList(items: readonly Value[]): readonly Value[] {
  if (items.length <= EXPRESSION_LIST_MAX) return items
  throw new EvaluationProblem(`a list has more than ${EXPRESSION_LIST_MAX} elements`)
}

/**
 * Whether two values are the same. Values of different kinds never are.
 * @param effort pays for every element and character that is looked at
 */
export function isSame(one: Value, other: Value, effort: Effort): boolean {
  spend(effort, typeof one === 'string' ? one.length + 1 : 1)
  if (one === null || other === null || !isList(one) || !isList(other)) return one === other
  return (
    one.length === other.length &&
    one.every((item, index) => isSame(item, other[index] ?? null, effort))
  )
}
