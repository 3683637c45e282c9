import { first, lower, upper } from './letters.js'
import { replace } from './replace.js'
import { byteLength, slice } from './slice.js'
import type { Operator } from './template.js'
import { trim } from './trim.js'

/** What an operator may cost; each of the two takes from what is left, and returns whether it was there. */
export interface Costs {
  text(length: number): boolean
  work(looks: number): boolean
}

/**
 * What drone/envsubst makes of a value. `:-`, `=`, `:=`, `:?` and `:+` are all one thing to it: what
 * stands after them takes the place of an empty value.
 */
export function applyOperator(
  operator: Operator,
  value: string,
  args: readonly string[],
  costs: Costs,
): string {
  const [one = '', other] = args
  if (CASES.includes(operator) && !costs.work(value.length * LETTER)) return ''
  switch (operator) {
    case '':
    case '^,':
      return value
    case 'length':
      return String(byteLength(value))
    case 'default':
    case 'shell default':
      return value === '' ? one : value
    case 'slice':
      return slice(value, one, other)
    case '^':
      return first(value, upper)
    case ',':
      return first(value, lower)
    case '^^':
      return upper(value)
    case ',,':
      return lower(value)
    case '/':
    case '//':
    case '/#':
    case '/%':
      return replace(operator, value, { old: one, replacement: other }, costs)
    default:
      return trim(value, one, TRIMS[operator], (looks) => costs.work(looks))
  }
}

const CASES: readonly Operator[] = ['^', '^^', ',', ',,']
/** A letter costs more than a look at it. */
const LETTER = 10

const TRIMS = {
  '#': { side: 'start', longest: false },
  '##': { side: 'start', longest: true },
  '%': { side: 'end', longest: false },
  '%%': { side: 'end', longest: true },
} as const
