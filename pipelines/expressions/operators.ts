import { matchesPattern } from './regular-expression.js'
import type { BinaryOperator } from './tree.js'
import {
  checkTextLength,
  describeValue,
  EvaluationProblem,
  type ExpressionEffort,
  isList,
  isSame,
  spend,
  type Value,
} from './values.js'

/** Operators whose two values are always both needed. */
export type StrictOperator = Exclude<BinaryOperator, '&&' | '||' | '??'>

/** Applies an operator. Values that it is not made for are an `EvaluationProblem`. */
export function applyOperator(
  operator: StrictOperator,
  left: Value,
  right: Value,
  effort: ExpressionEffort,
): Value {
  switch (operator) {
    case '==':
      return isEqual(operator, left, right, effort)
    case '!=':
      return !isEqual(operator, left, right, effort)
    case 'in':
      return isIn(left, right, effort)
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'matches':
      return ofTexts(operator, left, right, effort)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, left, right, effort)
    default:
      return calculate(operator, left, right)
  }
}

/** Values of two kinds are never equal, so comparing them is a mistake; anything may be `nil`. */
function isEqual(operator: string, left: Value, right: Value, effort: ExpressionEffort): boolean {
  const isMistake = left !== null && right !== null && describeKind(left) !== describeKind(right)
  if (isMistake) throw mismatch(operator, left, right)
  return isSame(left, right, effort)
}

function describeKind(value: Value): string {
  return typeof value === 'object' ? describeValue(value) : typeof value
}

function mismatch(operator: string, left: Value, right: Value): EvaluationProblem {
  const message = `\`${operator}\` can't be used with ${describeValue(left)} and ${describeValue(right)}`
  return new EvaluationProblem(message, mismatchHint(left, right))
}

function mismatchHint(left: Value, right: Value): string | undefined {
  const kinds = [typeof left, typeof right]
  if (!kinds.includes('string')) return undefined
  if (kinds.includes('number')) return 'variables are texts: write "5", or `int(NAME)`'
  return kinds.includes('boolean') ? 'variables are texts: write "true"' : undefined
}

function isIn(left: Value, right: Value, effort: ExpressionEffort): boolean {
  if (right === null) return false
  if (typeof right === 'object') {
    if (isList(right)) return right.some((item) => isSame(left, item, effort))
    return typeof left === 'string' && right.has(left)
  }
  const hint = typeof right === 'string' ? 'write `text contains "part"`' : undefined
  throw new EvaluationProblem(`\`in\` needs a list or \`$env\`, not ${describeValue(right)}`, hint)
}

type TextOperator = 'contains' | 'startsWith' | 'endsWith' | 'matches'

/** `nil` holds nothing and matches nothing: on a push there is no tag, and that is no mistake. */
function ofTexts(
  operator: TextOperator,
  left: Value,
  right: Value,
  effort: ExpressionEffort,
): boolean {
  if (left === null || right === null) return false
  if (typeof left !== 'string' || typeof right !== 'string') throw mismatch(operator, left, right)
  spend(effort, left.length + right.length)
  switch (operator) {
    case 'contains':
      return left.includes(right)
    case 'startsWith':
      return left.startsWith(right)
    case 'endsWith':
      return left.endsWith(right)
    case 'matches':
      return matchesPattern(left, right, effort)
  }
}

function compare(
  operator: '<' | '<=' | '>' | '>=',
  left: Value,
  right: Value,
  effort: ExpressionEffort,
): boolean {
  const areNumbers = typeof left === 'number' && typeof right === 'number'
  const areTexts = typeof left === 'string' && typeof right === 'string'
  if (!areNumbers && !areTexts) throw mismatch(operator, left, right)
  spend(effort, areTexts ? left.length : 1)
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', left: Value, right: Value): Value {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    checkTextLength(left.length + right.length)
    return left + right
  }
  if (typeof left !== 'number' || typeof right !== 'number') throw mismatch(operator, left, right)
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      if (right === 0) throw new EvaluationProblem('a number is divided by 0')
      return left % right
  }
}
