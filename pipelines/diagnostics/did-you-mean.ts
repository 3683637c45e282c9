const WORD_LENGTH_MAX = 40
const CANDIDATES_MAX = 1000

/**
 * The candidate that `word` is probably a mistyped form of.
 * @returns undefined when none is near enough
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined
  const typed = word.toLowerCase()
  const distanceMax = typed.length < 4 ? 1 : Math.max(2, Math.floor(typed.length / 3))
  let best: string | undefined
  let bestDistance = distanceMax + 1
  let looked = 0
  for (const candidate of candidates) {
    looked += 1
    if (looked > CANDIDATES_MAX) break
    const distance = distanceTo(typed, candidate, bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** "did you mean" hint, or undefined. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? undefined : `did you mean \`${candidate}\`?`
}

/** The edit distance, or Infinity when the lengths alone say that it is not below `limit`. */
function distanceTo(typed: string, candidate: string, limit: number): number {
  if (isPrefixOf(typed, candidate)) return 1
  const isTooLong = Math.abs(candidate.length - typed.length) >= limit
  return isTooLong ? Infinity : editDistance(typed, candidate)
}

/**
 * The candidate that a word is likely meant to be: one edit away or with two neighbours swapped, two
 * edits for words of six letters and more, or the greater part of its beginning (`depends` of
 * `depends_on`). Stricter than `nearest`, for it makes errors of what else would be a warning.
 */
export function typoOf(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 2 || word.length > WORD_LENGTH_MAX) return undefined
  return nearest(
    word,
    candidates.filter((candidate) => isTypoOf(word.toLowerCase(), candidate)),
  )
}

function isTypoOf(typed: string, candidate: string): boolean {
  if (isPrefixOf(typed, candidate) && typed.length * 2 > candidate.length) return true
  if (isSwapOf(typed, candidate)) return true
  const edits = typed.length < 6 ? 1 : 2
  if (Math.abs(candidate.length - typed.length) > edits) return false
  if (differingLetters(typed, candidate) > 2 * edits) return false
  return editDistance(typed, candidate) <= edits
}

/**
 * How many letters only one of two words has: an edit brings in one and takes one away at most, so most
 * words are told apart without their distance.
 */
function differingLetters(one: string, other: string): number {
  let bits = lettersOf(one) ^ lettersOf(other)
  let count = 0
  for (; bits !== 0; count++) bits &= bits - 1
  return count
}

/** A bit for each letter; letters that share a bit only make words look more alike. */
function lettersOf(word: string): number {
  let bits = 0
  for (let index = 0; index < word.length; index++) bits |= 1 << (word.charCodeAt(index) & 31)
  return bits
}

function isSwapOf(typed: string, candidate: string): boolean {
  if (typed.length !== candidate.length) return false
  let at = 0
  while (at < typed.length && typed[at] === candidate[at]) at += 1
  const swapped = `${typed.slice(0, at)}${typed[at + 1] ?? ''}${typed[at] ?? ''}`
  return at + 1 < typed.length && swapped + typed.slice(at + 2) === candidate
}

/** `depends` for `depends_on`: cut off, not mistyped. */
function isPrefixOf(word: string, candidate: string): boolean {
  return word.length >= 4 && candidate.startsWith(word)
}

/** Levenshtein distance: how many characters to insert, delete or replace. */
export function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const replace = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1)
      const remove = (previous[column] ?? 0) + 1
      const insert = (current[column - 1] ?? 0) + 1
      current.push(Math.min(replace, remove, insert))
    }
    previous = current
  }
  return previous[other.length] ?? 0
}
