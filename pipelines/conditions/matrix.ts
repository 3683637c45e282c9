import { quote } from '../diagnostics/quote.js'
import type { Combination } from '../matrix/expand-matrix.js'
import type { AxisPatterns, MatrixCondition } from '../schema/matrix-condition-shape.js'
import type { ConditionContext } from './context.js'

/**
 * Why a condition on the combination does not hold; undefined when it does. An axis that there is not
 * has an empty value. Source of the rules: Woodpecker's condition `matrix`.
 */
export function unmetMatrix(
  { include, exclude, node }: MatrixCondition,
  { combination, matches }: Pick<ConditionContext, 'combination' | 'matches'>,
): string | undefined {
  const isMet = (axis: AxisPatterns): boolean => {
    const value = valueOf(axis, combination)
    return axis.patterns.length === 0 || axis.patterns.some((glob) => matches(glob, value, node))
  }
  if (exclude.length > 0 && exclude.every(isMet)) {
    return 'the combination of the matrix is excluded by the condition on `matrix`'
  }
  const unmet = include.find((axis) => !isMet(axis))
  if (unmet === undefined) return undefined
  const value = valueOf(unmet, combination)
  const told = value === '' ? 'empty' : quote(value)
  return `${quote(unmet.axis)} is ${told}, which the condition on \`matrix\` does not match`
}

function valueOf({ axis }: AxisPatterns, combination: Combination): string {
  return Object.hasOwn(combination, axis) ? (combination[axis] ?? '') : ''
}
