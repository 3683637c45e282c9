import { type Cursor, isAt, readEscaped, readName, readUntil, skip } from './cursor.js'
import type { Operator, Part, Reference } from './template.js'

/** References inside each other; real ones are two deep. */
const DEPTH_MAX = 16

/** Nobody means this, so nothing after it is read either: that keeps reading linear. */
export const TOO_DEEP = 'is nested too deep, as is everything after it'

const UNCLOSED = 'has no `}`'
const MIXED = 'mixes text and `${}` where only one of them can be'

/** What is wrong. */
type Problem = string

/** Operators by how they are written; of two that fit the longer one comes first. */
const OPERATORS: readonly (readonly [string, Operator])[] = [
  [':-', 'default'],
  [':=', 'default'],
  [':?', 'default'],
  [':+', 'default'],
  ['=', 'default'],
  ['-', 'shell default'],
  ['+', 'shell default'],
  [':', 'slice'],
  ['##', '##'],
  ['#', '#'],
  ['%%', '%%'],
  ['%', '%'],
  ['//', '//'],
  ['/#', '/#'],
  ['/%', '/%'],
  ['/', '/'],
  ['^^', '^^'],
  [',,', ',,'],
  ['^,', '^,'],
  [',^', '^,'],
  ['^', '^'],
  [',', ','],
  ['', ''],
]

/** Reads a reference; the cursor is at its `$`, and afterwards behind it, or at the problem. */
export function parseReference(cursor: Cursor, depth = 0): Reference | Problem {
  const { at } = cursor
  if (depth > DEPTH_MAX) return TOO_DEEP
  skip(cursor, '${')
  const parsed = skip(cursor, '#') ? parseLength(cursor) : parseOperation(cursor, depth)
  if (typeof parsed === 'string') return parsed
  if (!skip(cursor, '}')) return cursor.at < cursor.text.length ? trailing(cursor) : UNCLOSED
  return { ...parsed, at, source: cursor.text.slice(at, cursor.at) }
}

type Operation = Pick<Reference, 'name' | 'operator' | 'args'>

function parseLength(cursor: Cursor): Operation | Problem {
  const name = readName(cursor)
  return name === '' ? 'names no variable' : { name, operator: 'length', args: [] }
}

function parseOperation(cursor: Cursor, depth: number): Operation | Problem {
  const name = readName(cursor)
  if (name === '') return 'names no variable'
  const [, operator] = OPERATORS.find(([written]) => skip(cursor, written)) ?? ['', '' as const]
  const args = parseArguments(cursor, operator, depth)
  return typeof args === 'string' ? args : { name, operator, args }
}

type Arguments = readonly (readonly Part[])[]

function parseArguments(cursor: Cursor, operator: Operator, depth: number): Arguments | Problem {
  switch (operator) {
    case 'default':
    case 'shell default':
      return parseDefault(cursor, depth)
    case 'slice':
      return parseSlice(cursor, depth)
    case '#':
    case '##':
    case '%':
    case '%%':
      return parsePattern(cursor, depth)
    case '/':
    case '//':
    case '/#':
    case '/%':
      return parseReplacement(cursor, depth)
    default:
      return []
  }
}

/** Text and references in any order. */
function parseDefault(cursor: Cursor, depth: number): Arguments | Problem {
  const parts: Part[] = []
  while (cursor.at < cursor.text.length && !isAt(cursor, '}')) {
    const part = isAt(cursor, '${')
      ? parseReference(cursor, depth + 1)
      : { text: readUntil(cursor, '}') }
    if (typeof part === 'string') return part
    parts.push('text' in part ? part.text : part)
  }
  return [parts]
}

/** The position and, after a colon, the length. */
function parseSlice(cursor: Cursor, depth: number): Arguments | Problem {
  const position = parseOne(cursor, depth, () => readUntil(cursor, ':}'))
  if (typeof position === 'string' || !skip(cursor, ':')) return asArguments(position)
  while (skip(cursor, ':'));
  const length = parseOne(cursor, depth, () => readUntil(cursor, '}'))
  return typeof length === 'string' ? length : [position, length]
}

function parsePattern(cursor: Cursor, depth: number): Arguments | Problem {
  return asArguments(parseOne(cursor, depth, () => readUntil(cursor, '}')))
}

/**
 * What is replaced and, after a slash, what takes its place. Drone reads what is replaced up to the
 * next slash, wherever that is; here it ends at a brace too, so that `${NAME/text}` takes text away.
 */
function parseReplacement(cursor: Cursor, depth: number): Arguments | Problem {
  const old = parseOne(cursor, depth, () => readEscaped(cursor, '/}'))
  if (typeof old === 'string' || !skip(cursor, '/')) return asArguments(old)
  while (skip(cursor, '/'));
  const replacement = parseOne(cursor, depth, () => readEscaped(cursor, '}'))
  return typeof replacement === 'string' ? replacement : [old, replacement]
}

/** One reference, or one text. */
function parseOne(
  cursor: Cursor,
  depth: number,
  readText: () => string,
): readonly Part[] | Problem {
  if (!isAt(cursor, '${')) return [readText()]
  const nested = parseReference(cursor, depth + 1)
  return typeof nested === 'string' ? nested : [nested]
}

function asArguments(argument: readonly Part[] | Problem): Arguments | Problem {
  return typeof argument === 'string' ? argument : [argument]
}

function trailing(cursor: Cursor): Problem {
  if (isAt(cursor, '${')) return MIXED
  const character = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0)
  return `has \`${character.trim() === '' ? ' ' : character}\` where an operator or \`}\` must be`
}
