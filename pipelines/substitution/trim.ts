import { parseTrimPattern, type PatternPart } from './trim-pattern.js'

/**
 * Takes what a pattern matches from the start or the end of a value. As in drone/envsubst it matches at
 * least one character, a malformed pattern nothing, and `*` slashes too.
 * @param spend is told how many looks at a character it takes, and returns whether they are allowed
 */
export function trim(
  value: string,
  pattern: string,
  { side, longest }: { readonly side: 'start' | 'end'; readonly longest: boolean },
  spend: (work: number) => boolean,
): string {
  const parts = parseTrimPattern(pattern)
  if (parts === undefined) return value
  const characters = Array.from(value)
  if (!spend(characters.length * (pattern.length + 1))) return ''
  if (side === 'start') {
    return characters.slice(matchedLength(characters, parts, longest)).join('')
  }
  const matched = matchedLength(characters.toReversed(), parts.toReversed(), longest)
  return characters.slice(0, characters.length - matched).join('')
}

/**
 * How many of the first characters the parts match: the fewest, but one, or the most; 0 when they match
 * none. Keeps the set of all parts that it may have come to, so it needs no second look at a character.
 */
function matchedLength(
  characters: readonly string[],
  parts: readonly PatternPart[],
  longest: boolean,
): number {
  let current: Uint8Array = reach(parts, new Uint8Array(parts.length + 1), 0)
  let matched = 0
  for (const [index, character] of characters.entries()) {
    let next: Uint8Array = new Uint8Array(parts.length + 1)
    let isAlive = false
    for (const [at, part] of parts.entries()) {
      if (current[at] !== 1 || !part.accepts(character)) continue
      next = reach(parts, next, part.isMany ? at : at + 1)
      isAlive = true
    }
    if (!isAlive) break
    if (next[parts.length] === 1) matched = index + 1
    if (matched > 0 && !longest) break
    current = next
  }
  return matched
}

/** Marks a part as come to, and with a star what is after it. */
function reach(parts: readonly PatternPart[], set: Uint8Array, from: number): Uint8Array {
  for (let at = from; set[at] !== 1; at += 1) {
    set[at] = 1
    if (parts[at]?.isMany !== true) break
  }
  return set
}
