/** A part of a pattern: takes one character, or any number of them. */
export interface PatternPart {
  readonly isMany: boolean
  accepts(character: string): boolean
}

/**
 * Reads a pattern of `#`, `##`, `%` and `%%`: `*`, `?`, `[a-z]`, `[^a-z]`, and a backslash before a
 * character that is meant as such. Source: https://pkg.go.dev/path#Match, whose rules drone/envsubst
 * takes, but for slashes being like any other character.
 * @returns undefined for a malformed pattern
 */
export function parseTrimPattern(pattern: string): readonly PatternPart[] | undefined {
  const characters = Array.from(pattern)
  const parts: PatternPart[] = []
  let at = 0
  while (at < characters.length) {
    const character = characters[at] ?? ''
    at += 1
    if (character === '*') {
      if (parts.at(-1)?.isMany !== true) parts.push({ isMany: true, accepts: () => true })
    } else if (character === '?') {
      parts.push({ isMany: false, accepts: () => true })
    } else if (character === '[') {
      const set = parseSet(characters, at)
      if (set === undefined) return undefined
      parts.push(set.part)
      at = set.end
    } else {
      const literal = character === '\\' ? characters[at++] : character
      if (literal === undefined) return undefined
      parts.push({ isMany: false, accepts: (one) => one === literal })
    }
  }
  return parts
}

function parseSet(
  characters: readonly string[],
  start: number,
): { readonly part: PatternPart; readonly end: number } | undefined {
  const negated = characters[start] === '^'
  const ranges: (readonly [number, number])[] = []
  let at = negated ? start + 1 : start
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = parseMember(characters, at)
    if (low === undefined) return undefined
    const isRange = characters[low.end] === '-'
    const high = isRange ? parseMember(characters, low.end + 1) : low
    if (high === undefined) return undefined
    ranges.push([low.point, high.point])
    at = high.end
  }
  const accepts = (character: string): boolean => {
    const point = character.codePointAt(0) ?? 0
    return ranges.some(([low, high]) => low <= point && point <= high) !== negated
  }
  return { part: { isMany: false, accepts }, end: at + 1 }
}

function parseMember(
  characters: readonly string[],
  at: number,
): { readonly point: number; readonly end: number } | undefined {
  const first = characters[at]
  if (first === undefined || first === '-' || first === ']') return undefined
  const isEscaped = first === '\\'
  const point = (isEscaped ? characters[at + 1] : first)?.codePointAt(0)
  return point === undefined ? undefined : { point, end: at + (isEscaped ? 2 : 1) }
}
