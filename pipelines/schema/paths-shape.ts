import type { Glob } from '../conditions/glob/glob.js'
import type { Node } from '../parse/tree.js'
import { oneOrMany } from './collections.js'
import { globs, pattern } from './condition-shape.js'
import { type Keys, object } from './object.js'
import { ANY_TEXT, flag, text } from './scalars.js'
import type { Shape } from './shape.js'

/** What `paths` asks of the files that changed. */
export interface PathsCondition {
  readonly include: readonly Glob[]
  readonly exclude: readonly Glob[]
  /** A commit message with this in it makes the condition hold; empty: none does. */
  readonly ignoreMessage: string
  /** Whether the condition holds when nothing changed. */
  readonly onEmpty: boolean
  readonly node: Node
}

const PATTERNS = oneOrMany(pattern())

const PATHS_KEYS = {
  include: {
    shape: PATTERNS,
    description: 'Patterns of which one must match a changed file; none: all match.',
  },
  exclude: {
    shape: PATTERNS,
    description: 'The condition does not hold when every changed file matches one of these.',
  },
  ignore_message: {
    shape: text({ ...ANY_TEXT, lengthMax: 1000 }),
    description: 'The condition holds when the commit message has this text; case does not matter.',
  },
  on_empty: {
    shape: flag(),
    default: true,
    description: 'Whether the condition holds when no file changed.',
  },
} satisfies Keys

const LONG = object(PATHS_KEYS)

/** A condition on the changed files: a pattern, a list of patterns, or a mapping. */
export const PATHS: Shape<PathsCondition> = {
  schema: { anyOf: [PATTERNS.schema, LONG.schema] },
  emptyAllowed: true,
  decode(node, context, where) {
    const rest = { exclude: [], ignoreMessage: '', onEmpty: true, node }
    if (node.kind !== 'map') {
      const include = PATTERNS.decode(node, context, where)
      return include && { ...rest, include: globs(include) }
    }
    const long = LONG.decode(node, context, where)
    return (
      long && {
        include: globs(long.include),
        exclude: globs(long.exclude),
        ignoreMessage: long.ignore_message?.value ?? '',
        onEmpty: long.on_empty?.value ?? true,
        node,
      }
    )
  },
}
