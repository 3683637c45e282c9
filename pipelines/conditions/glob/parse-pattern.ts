/** One part of a pattern; characters are Unicode code points. */
export type GlobPart =
  | { readonly kind: 'literal'; readonly character: string }
  /** `?`: one character of a segment. */
  | { readonly kind: 'one' }
  /** `*`: any characters of a segment. */
  | { readonly kind: 'many' }
  /** `**` at the end: everything. */
  | { readonly kind: 'rest' }
  /** A segment `**` with its slash: any number of whole segments. */
  | { readonly kind: 'segments' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly Range[] }
  | { readonly kind: 'either'; readonly options: readonly (readonly GlobPart[])[] }

/** First and last character, both included. */
export type Range = readonly [string, string]

export type ParsedPattern = { readonly parts: readonly GlobPart[] } | { readonly problem: string }

/** Reads a pattern; a malformed one gives a problem in words. */
export function parsePattern(source: string): ParsedPattern {
  const cursor = { characters: Array.from(source), at: 0 }
  try {
    return { parts: parseParts(cursor, false) }
  } catch (error) {
    if (error instanceof Malformed) return { problem: error.message }
    throw error
  }
}

/** Leaves the recursion; never leaves this file. */
class Malformed extends Error {}

interface Cursor {
  readonly characters: readonly string[]
  at: number
}

/** Reads up to the end, or inside of braces up to the `,` or `}` that ends the option. */
function parseParts(cursor: Cursor, inBraces: boolean): GlobPart[] {
  const parts: GlobPart[] = []
  let segmentStart = true
  for (let next = peek(cursor); next !== undefined; next = peek(cursor)) {
    if (inBraces && (next === ',' || next === '}')) return parts
    const part = parsePart(cursor, next, segmentStart)
    segmentStart = part.kind === 'segments' || (part.kind === 'literal' && part.character === '/')
    parts.push(part)
  }
  if (inBraces) throw new Malformed('`{` has no `}`')
  return parts
}

function parsePart(cursor: Cursor, next: string, segmentStart: boolean): GlobPart {
  cursor.at += 1
  switch (next) {
    case '?':
      return { kind: 'one' }
    case '*':
      return parseStars(cursor, segmentStart)
    case '[':
      return parseSet(cursor)
    case '{':
      return parseBraces(cursor)
    case '\\':
      return { kind: 'literal', character: take(cursor, '`\\` is the last character') }
    default:
      return { kind: 'literal', character: next }
  }
}

/** `**` means more than `*` only when it is a whole segment. */
function parseStars(cursor: Cursor, segmentStart: boolean): GlobPart {
  let stars = 1
  while (peek(cursor) === '*') {
    cursor.at += 1
    stars += 1
  }
  if (stars !== 2 || !segmentStart) return { kind: 'many' }
  const next = peek(cursor)
  if (next === '/') {
    cursor.at += 1
    return { kind: 'segments' }
  }
  return { kind: next === undefined || next === ',' || next === '}' ? 'rest' : 'many' }
}

function parseSet(cursor: Cursor): GlobPart {
  const negated = peek(cursor) === '^' || peek(cursor) === '!'
  if (negated) cursor.at += 1
  const ranges: Range[] = []
  while (peek(cursor) !== ']') {
    const first = parseSetCharacter(cursor)
    if (peek(cursor) !== '-') {
      ranges.push([first, first])
      continue
    }
    cursor.at += 1
    ranges.push([first, parseSetCharacter(cursor)])
  }
  cursor.at += 1
  if (ranges.length === 0) throw new Malformed('`[]` is empty')
  return { kind: 'set', negated, ranges }
}

function parseSetCharacter(cursor: Cursor): string {
  const character = take(cursor, '`[` has no `]`')
  if (character === '\\') return take(cursor, '`\\` is the last character')
  if (character === '-' || character === ']') {
    throw new Malformed(`\`${character}\` in \`[]\` needs a backslash before it`)
  }
  return character
}

function parseBraces(cursor: Cursor): GlobPart {
  const options = [parseParts(cursor, true)]
  while (take(cursor, '`{` has no `}`') === ',') options.push(parseParts(cursor, true))
  return { kind: 'either', options }
}

function peek(cursor: Cursor): string | undefined {
  return cursor.characters[cursor.at]
}

function take(cursor: Cursor, problem: string): string {
  const character = cursor.characters[cursor.at]
  if (character === undefined) throw new Malformed(problem)
  cursor.at += 1
  return character
}
