import type { Glob } from './glob/glob.js'
import type { PathsCondition } from '../schema/paths-shape.js'
import type { ConditionContext } from './context.js'

/**
 * Why a condition on the changed files does not hold; undefined when it does. Source of the rules:
 * Woodpecker's condition `path`: `include` needs one file that matches, `exclude` needs one that does
 * not, and these may be two files.
 */
export function unmetPaths(
  condition: PathsCondition,
  context: ConditionContext,
): string | undefined {
  const files = context.event.changedFiles
  if (files === undefined || isIgnored(condition, context)) return undefined
  if (files.length === 0) {
    return condition.onEmpty ? undefined : 'no file changed, and `on_empty` is false'
  }
  const { include, exclude } = condition
  const some = (patterns: readonly Glob[], wanted: boolean): boolean =>
    patterns.length === 0 || someFile(files, patterns, wanted, condition, context)
  if (!some(exclude, false)) return 'every changed file is excluded by the condition on `paths`'
  if (!some(include, true)) return 'no changed file matches the condition on `paths`'
  return undefined
}

function isIgnored({ ignoreMessage }: PathsCondition, { event, dialect }: ConditionContext) {
  if (dialect === 'woodpecker' && event.event !== 'push' && !event.event.startsWith('pull_request'))
    return true
  return ignoreMessage !== '' && event.message.toLowerCase().includes(ignoreMessage.toLowerCase())
}

/** Whether some file is matched by a pattern (`wanted`), or by none; true when that is too much work. */
function someFile(
  files: readonly string[],
  patterns: readonly Glob[],
  wanted: boolean,
  { node }: PathsCondition,
  { effort, reporter }: ConditionContext,
): boolean {
  for (const file of files) {
    let matched = false
    for (const glob of patterns) {
      effort.paths.left -= glob.cost(file)
      if (effort.paths.left < 0) {
        const message = 'so many files changed that the condition on them is taken to hold'
        reporter.warning('SP_PIPELINE_TOO_LARGE', node.span, message)
        return true
      }
      matched = glob.matches(file)
      if (matched) break
    }
    if (matched === wanted) return true
  }
  return false
}
