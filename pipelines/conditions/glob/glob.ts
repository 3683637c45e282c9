import { type Automaton, compileGlob } from './automaton.js'
import { type GlobPart, parsePattern } from './parse-pattern.js'

/** A compiled pattern. */
export interface Glob {
  readonly source: string
  /** Whether the whole of `text` matches, in time linear in its length whatever the pattern is. */
  matches(text: string): boolean
  /** What `matches` may cost for `text`: how often it looks at a state of its automaton, at most. */
  cost(text: string): number
}

/**
 * Compiles a pattern as Drone has them: `*` and `?` match within one path segment, a segment `**`
 * matches any number of them (but `a/**` does not match `a`), `[a-z]`, `[^a-z]`, `{one,other}`, and
 * a backslash before a character that is meant as such. Case matters.
 * Source: doublestar v1.1.1, package documentation and its table of cases.
 *
 * The matcher is ours because users write the patterns and strangers name the branches: regular
 * expressions made of globs backtrack for seconds on six stars and sixty characters.
 */
export function parseGlob(source: string): Glob | { readonly problem: string } {
  const parsed = parsePattern(source)
  if ('problem' in parsed) return parsed
  // Most patterns start with a directory, and most files are in another one.
  const start = literalStart(parsed.parts)
  let automaton: Automaton | undefined
  const compiled = (): Automaton => (automaton ??= compileGlob(parsed.parts))
  return {
    source,
    matches: (text) => text.startsWith(start) && compiled().matches(text),
    cost: (text) => (text.startsWith(start) ? (text.length + 1) * compiled().size : 1),
  }
}

function literalStart(parts: readonly GlobPart[]): string {
  let start = ''
  for (const part of parts) {
    if (part.kind !== 'literal') break
    start += part.character
  }
  return start
}
