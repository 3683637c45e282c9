import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { matchesPattern } from '../expressions/regular-expression.js'
import { EvaluationProblem, type ExpressionEffort } from '../expressions/values.js'
import { PARAMETER_VALUE_MAX } from '../limits.js'
import type { ParameterPlan } from '../plan.js'

/** A value as steps get it, or what is wrong with it: a sentence that goes on after "it ". */
export type Fitted =
  | { readonly value: string; readonly problem?: undefined }
  | { readonly problem: string; readonly hint?: string | undefined; readonly value?: undefined }

/**
 * Checks a value, which is not empty, against what was declared.
 * @param effort pays for patterns: they come from whoever wrote the file
 */
export function fitValue(
  declared: Omit<ParameterPlan, 'name'>,
  given: string,
  effort: ExpressionEffort,
): Fitted {
  if (given.length > PARAMETER_VALUE_MAX) {
    return { problem: `is longer than ${PARAMETER_VALUE_MAX} characters` }
  }
  switch (declared.type) {
    case 'string':
      return fitText(declared, given, effort)
    case 'boolean':
      return fitBoolean(given)
    case 'integer':
      return fitInteger(declared, given)
    case 'choice':
      return fitChoice(declared.options ?? [], given)
  }
}

function fitText(
  { pattern }: Omit<ParameterPlan, 'name'>,
  value: string,
  effort: ExpressionEffort,
): Fitted {
  if (value.includes('\0')) return { problem: 'must not hold a NUL character' }
  if (pattern === undefined) return { value }
  try {
    return matchesPattern(value, pattern, effort)
      ? { value }
      : { problem: `must match the pattern ${quote(pattern)}` }
  } catch (error) {
    if (error instanceof EvaluationProblem) return { problem: `${UNCHECKED}${error.message}` }
    throw error
  }
}

/** What keeps a pattern from being used, in words; empty when nothing does. */
export function patternProblem(pattern: string, effort: ExpressionEffort): string {
  const tried = fitText({ type: 'string', pattern }, '', effort)
  return tried.problem?.startsWith(UNCHECKED) === true ? tried.problem.slice(UNCHECKED.length) : ''
}

const UNCHECKED = "can't be checked: "

function fitBoolean(given: string): Fitted {
  const value = given.toLowerCase()
  return value === 'true' || value === 'false'
    ? { value }
    : { problem: 'must be `true` or `false`' }
}

const WHOLE_NUMBER = /^[+-]?\d{1,16}$/

function fitInteger(
  { minimum, maximum }: Pick<ParameterPlan, 'minimum' | 'maximum'>,
  given: string,
): Fitted {
  const number = Number(given)
  const isWhole = WHOLE_NUMBER.test(given) && Number.isSafeInteger(number)
  const isInside = number >= (minimum ?? -Infinity) && number <= (maximum ?? Infinity)
  // Zero has a sign in JavaScript, and no sign as a text.
  if (isWhole && isInside) return { value: String(number === 0 ? 0 : number) }
  return { problem: `must be a whole number${rangeOf(minimum, maximum)}` }
}

function rangeOf(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `, at least ${minimum}`
  return maximum === undefined ? '' : `, at most ${maximum}`
}

/** Options that a message lists. */
const OPTIONS_TOLD_MAX = 20

function fitChoice(options: readonly string[], given: string): Fitted {
  if (options.includes(given)) return { value: given }
  const told = options.slice(0, OPTIONS_TOLD_MAX).map(quote).join(', ')
  const more = options.length > OPTIONS_TOLD_MAX ? ', ...' : ''
  return { problem: `must be one of ${told}${more}`, hint: didYouMean(given, options) }
}
