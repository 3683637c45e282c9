import { quote } from '../diagnostics/quote.js'
import { callFunction } from './functions.js'
import { applyOperator } from './operators.js'
import type { Expression } from './parse-expression.js'
import type { ExpressionNode } from './tree.js'
import {
  boundedList,
  describeValue,
  EvaluationProblem,
  type ExpressionEffort,
  isList,
  spend,
  type Value,
  type Variables,
} from './values.js'

export type Evaluated =
  { readonly value: boolean } | { readonly problem: string; readonly hint?: string }

/**
 * Whether an expression is true. Never throws; what it may cost is taken from `effort`.
 * @param variables texts by name; any other name is `nil`
 */
export function evaluateExpression(
  { root }: Expression,
  variables: Variables,
  effort: ExpressionEffort,
): Evaluated {
  try {
    const value = evaluate(root, { variables, effort })
    if (typeof value === 'boolean') return { value }
    const hint = 'compare it with something, e.g. `NAME == "value"`'
    return { problem: `it must be true or false, but it is ${describeValue(value)}`, hint }
  } catch (error) {
    if (!(error instanceof EvaluationProblem)) throw error
    const { message, hint } = error
    return hint === undefined ? { problem: message } : { problem: message, hint }
  }
}

interface Context {
  readonly variables: Variables
  readonly effort: ExpressionEffort
}

function evaluate(node: ExpressionNode, context: Context): Value {
  spend(context.effort, 1)
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'variable':
      return context.variables.get(node.name) ?? null
    case 'environment':
      return context.variables
    case 'list':
      return boundedList(node.items.map((item) => evaluate(item, context)))
    case 'sign':
      return evaluateSign(node, context)
    case 'binary':
      return evaluateBinary(node, context)
    case 'choice':
      return truthOf(node.test, '?', context)
        ? evaluate(node.then, context)
        : evaluate(node.otherwise, context)
    case 'index':
      return elementOf(evaluate(node.of, context), evaluate(node.at, context))
    case 'call': {
      const given = node.given.map((one) => evaluate(one, context))
      return callFunction(node.name, given, context.effort)
    }
  }
}

function evaluateSign(
  { sign, operand }: Extract<ExpressionNode, { kind: 'sign' }>,
  context: Context,
): Value {
  if (sign === '!') return !truthOf(operand, 'not', context)
  const value = evaluate(operand, context)
  if (typeof value === 'number') return sign === '-' ? -value : value
  throw new EvaluationProblem(`\`${sign}\` needs a number, not ${describeValue(value)}`)
}

function evaluateBinary(
  { operator, left, right }: Extract<ExpressionNode, { kind: 'binary' }>,
  context: Context,
): Value {
  switch (operator) {
    case '&&':
      return truthOf(left, '&&', context) && truthOf(right, '&&', context)
    case '||':
      return truthOf(left, '||', context) || truthOf(right, '||', context)
    case '??':
      return evaluate(left, context) ?? evaluate(right, context)
    default:
      return applyOperator(
        operator,
        evaluate(left, context),
        evaluate(right, context),
        context.effort,
      )
  }
}

/** Texts are neither true nor false, as in expr-lang: `"false"` would be true otherwise. */
function truthOf(node: ExpressionNode, operator: string, context: Context): boolean {
  const value = evaluate(node, context)
  if (typeof value === 'boolean') return value
  const what = node.kind === 'variable' ? `${quote(node.name)} is` : 'there is'
  throw new EvaluationProblem(
    `\`${operator}\` needs true or false, but ${what} ${describeValue(value)}`,
    'compare it with something, e.g. `NAME == "value"` or `"NAME" in $env`',
  )
}

/** An element of a list by its number (from the end when negative), a variable by its name. */
function elementOf(of: Value, at: Value): Value {
  if (of !== null && typeof of === 'object') {
    if (!isList(of)) return typeof at === 'string' ? (of.get(at) ?? null) : null
    if (typeof at === 'number' && Number.isInteger(at)) return of.at(at) ?? null
  }
  if (of === null) return null
  throw new EvaluationProblem(
    `${describeValue(of)} has no element that is named by ${describeValue(at)}`,
  )
}
