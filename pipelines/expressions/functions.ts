import {
  boundedList,
  checkTextLength,
  describeValue,
  type Effort,
  EvaluationProblem,
  isList,
  spend,
  type Value,
} from './values.js'

interface Function {
  /** How many values it takes: least and most. */
  readonly takes: readonly [number, number]
  readonly call: (given: readonly Value[]) => Value
}

/** A function whose first value is a text; of `nil` it makes `nil`, so that it can be chained. */
function ofText(
  takes: Function['takes'],
  call: (text: string, given: readonly Value[]) => Value,
): Function {
  return {
    takes,
    call: ([first = null, ...rest]) => (first === null ? null : call(textOf(first), rest)),
  }
}

/** Source of the names and what they do: expr-lang's language definition. */
const FUNCTIONS: Readonly<Record<string, Function>> = {
  len: { takes: [1, 1], call: ([value = null]) => lengthOf(value) },
  lower: ofText([1, 1], (text) => text.toLowerCase()),
  upper: ofText([1, 1], (text) => text.toUpperCase()),
  trim: ofText([1, 2], (text, [characters]) =>
    characters === undefined ? text.trim() : trimOf(text, textOf(characters)),
  ),
  trimPrefix: ofText([2, 2], (text, [start = '']) =>
    text.startsWith(textOf(start)) ? text.slice(textOf(start).length) : text,
  ),
  trimSuffix: ofText([2, 2], (text, [end = '']) =>
    text.endsWith(textOf(end)) ? text.slice(0, text.length - textOf(end).length) : text,
  ),
  hasPrefix: ofText([2, 2], (text, [start = '']) => text.startsWith(textOf(start))),
  hasSuffix: ofText([2, 2], (text, [end = '']) => text.endsWith(textOf(end))),
  indexOf: ofText([2, 2], (text, [part = '']) => text.indexOf(textOf(part))),
  lastIndexOf: ofText([2, 2], (text, [part = '']) => text.lastIndexOf(textOf(part))),
  replace: ofText([3, 3], (text, [old = '', by = '']) =>
    joined(text.split(textOf(old)), textOf(by)),
  ),
  split: ofText([2, 2], (text, [separator = '']) => boundedList(text.split(textOf(separator)))),
  join: { takes: [1, 2], call: ([items = null, by = '']) => joined(textsOf(items), textOf(by)) },
  first: { takes: [1, 1], call: ([items = null]) => listOf(items)[0] ?? null },
  last: { takes: [1, 1], call: ([items = null]) => listOf(items).at(-1) ?? null },
  int: { takes: [1, 1], call: ([value = null]) => numberOf(value, /^[+-]?\d{1,15}$/, Math.trunc) },
  float: { takes: [1, 1], call: ([value = null]) => numberOf(value, DECIMAL, Number) },
  string: { takes: [1, 1], call: ([value = null]) => writtenOf(value) },
}

const DECIMAL = /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,3})?$/

/** Names of the functions that there are. */
export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS)

/** Calls a function by a name that is among `FUNCTION_NAMES`. */
export function callFunction(name: string, given: readonly Value[], effort: Effort): Value {
  const called = FUNCTIONS[name]
  if (called === undefined) throw new EvaluationProblem(`there is no function \`${name}\``)
  const [least, most] = called.takes
  if (given.length < least || given.length > most) {
    const number = least === most ? `${least}` : `${least} to ${most}`
    throw new EvaluationProblem(
      `\`${name}\` takes ${number} value${number === '1' ? '' : 's'}, not ${given.length}`,
    )
  }
  for (const value of given) spend(effort, sizeOf(value))
  return called.call(given)
}

function sizeOf(value: Value): number {
  return typeof value === 'string' || (value !== null && isList(value)) ? value.length : 1
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value
  throw new EvaluationProblem(`a text is needed, but there is ${describeValue(value)}`)
}

function listOf(value: Value): readonly Value[] {
  if (value === null) return []
  if (isList(value)) return value
  throw new EvaluationProblem(`a list is needed, but there is ${describeValue(value)}`)
}

function textsOf(value: Value): string[] {
  return listOf(value).map(textOf)
}

/** Characters are Unicode code points, as in expr-lang. */
function lengthOf(value: Value): number {
  if (value === null) return 0
  if (typeof value === 'string') return Array.from(value).length
  if (typeof value === 'object') return isList(value) ? value.length : value.size
  throw new EvaluationProblem(`\`len\` needs a text or a list, not ${describeValue(value)}`)
}

function trimOf(text: string, characters: string): string {
  const all = new Set(characters)
  let start = 0
  let end = text.length
  while (start < end && all.has(text.charAt(start))) start += 1
  while (end > start && all.has(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** The length is known before the text is made. */
function joined(parts: readonly string[], by: string): string {
  const length = parts.reduce((sum, part) => sum + part.length, by.length * (parts.length - 1))
  checkTextLength(length)
  return parts.join(by)
}

function numberOf(value: Value, pattern: RegExp, whole: (value: number) => number): Value {
  if (value === null) return null
  if (typeof value === 'number') return whole(value)
  const text = textOf(value).trim()
  if (pattern.test(text)) return Number(text)
  throw new EvaluationProblem('a text that is no number was to be made one')
}

function writtenOf(value: Value): string {
  if (value === null) return 'nil'
  if (typeof value === 'object') {
    throw new EvaluationProblem(`\`string\` can't be used with ${describeValue(value)}`)
  }
  return String(value)
}
