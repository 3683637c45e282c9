import type { Reporter } from '../diagnostics/reporter.js'
import type { Effort } from '../expressions/values.js'
import { GLOBS_EFFORT_MAX } from '../limits.js'
import type { Node } from '../parse/tree.js'
import type { Glob } from './glob/glob.js'

/** Whether a value matches a pattern. `node` is the condition that asks. */
export type GlobMatcher = (glob: Glob, value: string, node: Node) => boolean

/** What a first look at a pattern and a value costs besides, for the answer is kept. */
const KEEPING = 50

/**
 * Makes the matcher that all conditions of a compilation share. Steps and combinations of a matrix have
 * the same patterns for the same values, so each answer is kept. When the effort is used up that is an
 * error, told once; nothing matches from there on.
 */
export function createGlobMatcher(
  reporter: Reporter,
  effort: Effort = { left: GLOBS_EFFORT_MAX },
): GlobMatcher {
  const known = new Map<string, Map<string, boolean>>()
  return (glob, value, { span }) => {
    if (effort.left < 0) return false
    const answers = known.get(glob.source) ?? new Map<string, boolean>()
    known.set(glob.source, answers)
    const answer = answers.get(value)
    effort.left -= answer === undefined ? glob.cost(value) + KEEPING : 1
    if (effort.left < 0) {
      const message = 'the patterns of all conditions are too much work to match'
      const hint = 'write fewer patterns, or such with fewer `*` and `{}`'
      reporter.error('SP_PIPELINE_TOO_LARGE', span, message, hint)
      return false
    }
    if (answer !== undefined) return answer
    const matches = glob.matches(value)
    answers.set(value, matches)
    return matches
  }
}
