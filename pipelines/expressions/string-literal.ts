/** A text in quotes, and the index after its last quote. */
export interface StringLiteral {
  readonly value: string
  readonly end: number
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** Digits of the escapes that name a character by its number. */
const NUMBERED: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/**
 * Reads a text in `"` or `'`, with escapes, or in backquotes, where nothing is one.
 * Source of the escapes: Go's specification, which expr-lang follows.
 * @param start index of the first quote
 */
export function readStringLiteral(
  source: string,
  start: number,
): StringLiteral | { readonly problem: string; readonly at: number } {
  const quote = source.charAt(start)
  let value = ''
  let at = start + 1
  while (at < source.length) {
    const character = source.charAt(at)
    if (character === quote) return { value, end: at + 1 }
    if (character !== '\\' || quote === '`') {
      value += character
      at += 1
      continue
    }
    const escape = readEscape(source, at)
    if (escape === undefined) {
      return { problem: 'there is no such escape; a backslash itself is `\\\\`', at }
    }
    value += escape.value
    at = escape.end
  }
  return { problem: 'a text has no end', at: start }
}

function readEscape(source: string, at: number): StringLiteral | undefined {
  const name = source.charAt(at + 1)
  const simple = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined
  if (simple !== undefined) return { value: simple, end: at + 2 }
  const length = Object.hasOwn(NUMBERED, name) ? (NUMBERED[name] ?? 0) : 0
  const digits = source.slice(at + 2, at + 2 + length)
  if (length === 0 || digits.length < length || !/^[0-9a-f]+$/i.test(digits)) return undefined
  const point = Number.parseInt(digits, 16)
  return point > 0x10ffff ? undefined : { value: String.fromCodePoint(point), end: at + 2 + length }
}
