import { RE2JS } from 're2js'
import { REGULAR_EXPRESSION_LENGTH_MAX, REGULAR_EXPRESSION_SIZE_MAX } from './limits.js'
import { EvaluationProblem, type ExpressionEffort, spend } from './values.js'

/** What compiling costs for each instruction, next to a look at one while matching: measured. */
const COMPILING_COST = 2000

/**
 * Whether a regular expression matches somewhere in a text. The engine never backtracks: its time is
 * linear in the text times the size of the pattern, and both are paid for.
 */
export function matchesPattern(text: string, pattern: string, effort: ExpressionEffort): boolean {
  const compiled = effort.patterns.get(pattern) ?? compilePattern(pattern, effort)
  effort.patterns.set(pattern, compiled)
  spend(effort, (text.length + 1) * compiled.programSize())
  return compiled.matcher(text).find()
}

function compilePattern(pattern: string, effort: ExpressionEffort): RE2JS {
  if (pattern.length > REGULAR_EXPRESSION_LENGTH_MAX) {
    const message = `a regular expression is longer than ${REGULAR_EXPRESSION_LENGTH_MAX} characters`
    throw new EvaluationProblem(message)
  }
  if (pattern.includes('\\Q')) {
    throw new EvaluationProblem('`\\Q` is not supported', 'put a backslash before each character')
  }
  const size = foreseenSize(pattern)
  if (size > REGULAR_EXPRESSION_SIZE_MAX) {
    throw new EvaluationProblem('a regular expression repeats too much')
  }
  spend(effort, size * COMPILING_COST)
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EvaluationProblem(`a regular expression is malformed: ${why.slice(0, 200)}`)
  }
}

/** A class of characters, an escape, a count such as `{2,10}`, or any one character. */
const PART = /\[\^?\]?(?:\\[^]|[^\\\]])*\]|\\[^]|\{(\d+)(?:,(\d*))?\}|[^]/gu

/**
 * About how many instructions a pattern compiles to, and never less than half of them: a count
 * multiplies what is before it.
 */
export function foreseenSize(pattern: string): number {
  const outer: number[] = []
  let sum = 0
  let last = 0
  for (const [part, least, most] of pattern.matchAll(PART)) {
    if (part === '(') {
      outer.push(sum)
      sum = 0
      last = 0
    } else if (part === ')') {
      last = sum + 3 // a group notes where it starts and ends, and may be empty
      sum = (outer.pop() ?? 0) + last
    } else {
      const size = least === undefined ? 1 : repeated(last, Number(least), most)
      sum += least === undefined ? size : size - last
      last = least === undefined ? size : 0
    }
  }
  return outer.reduce((all, one) => all + one, sum + 2)
}

/** Each copy that may be left out has a branch before it. */
function repeated(size: number, least: number, most: string | undefined): number {
  const optional = most === undefined ? 0 : most === '' ? 1 : Math.max(0, Number(most) - least)
  return Math.max(1, least) * size + optional * (size + 1)
}
