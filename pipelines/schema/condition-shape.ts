import { type Glob, parseGlob } from '../conditions/glob/glob.js'
import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { GLOB_LENGTH_MAX } from '../limits.js'
import { isNull, type Node } from '../parse/tree.js'
import { type LocatedList, oneOrMany } from './collections.js'
import { type Keys, object } from './object.js'
import { LINE, text } from './scalars.js'
import type { DecodeContext, Located, Shape } from './shape.js'

/** What one key of `when` or `trigger` asks for. */
export interface Condition {
  readonly include: readonly Glob[]
  readonly exclude: readonly Glob[]
  readonly node: Node
}

/** The values that a fact can have. A pattern that matches none of them is warned about. */
export interface KnownWords {
  readonly words: readonly string[]
  /** Values that other tools have, with what to write here; allowed where a file is of that tool. */
  readonly foreign?: Readonly<Record<string, string>>
}

/** A condition on one fact: a pattern, a list of patterns, or `include` and `exclude`. */
export function condition(known?: KnownWords): Shape<Condition> {
  const patterns = oneOrMany(pattern(known))
  const both = object(includeAndExclude(patterns))
  return {
    schema: { anyOf: [patterns.schema, both.schema] },
    emptyAllowed: true,
    decode(node, context, where) {
      if (node.kind !== 'map') {
        const include = patterns.decode(node, context, where)
        return include && { include: globs(include), exclude: [], node }
      }
      const parts = both.decode(node, context, where)
      return parts && { include: globs(parts.include), exclude: globs(parts.exclude), node }
    },
  }
}

function includeAndExclude(patterns: Shape<LocatedList<Located<Glob>>>) {
  return {
    include: { shape: patterns, description: 'Patterns of which one must match; none: all match.' },
    exclude: {
      shape: patterns,
      description: 'Patterns of which none may match; they win over `include`.',
    },
  } satisfies Keys
}

/** The patterns of a list, without their places. */
export function globs(list: LocatedList<Located<Glob>> | undefined): readonly Glob[] {
  return list?.items.map((item) => item.value) ?? []
}

/** One pattern. */
export function pattern(known?: KnownWords): Shape<Located<Glob>> {
  const source = text({ ...ONE_LINE, lengthMax: GLOB_LENGTH_MAX })
  const examples = known === undefined ? {} : { examples: known.words }
  return {
    schema: { ...source.schema, ...examples },
    emptyAllowed: false,
    decode(node, context, where) {
      const decoded = isNull(node) ? { value: '' } : source.decode(node, context, where)
      if (decoded === null) return null
      const glob = parsedOnce(node, decoded.value)
      if ('problem' in glob) {
        const message = `the pattern ${quote(decoded.value)} is malformed: ${glob.problem}`
        context.reporter.error('SP_PIPELINE_GLOB', node.span, message, GLOB_HINT)
        return null
      }
      if (known !== undefined) warnIfNoneMatches(glob, known, node, context)
      return { value: glob, node }
    },
  }
}

/** Empty text, which a variable without value leaves behind, matches what is empty. */
const ONE_LINE = { ...LINE, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }

/** Many aliases may stand for one node, and an automaton is large. */
function parsedOnce(node: Node, source: string): ReturnType<typeof parseGlob> {
  const parsed = PARSED.get(node) ?? parseGlob(source)
  PARSED.set(node, parsed)
  return parsed
}

const PARSED = new WeakMap<Node, ReturnType<typeof parseGlob>>()

const GLOB_HINT = 'put a backslash before a character of a pattern to mean the character itself'

function warnIfNoneMatches(
  glob: Glob,
  { words, foreign = {} }: KnownWords,
  node: Node,
  { reporter, dialect }: DecodeContext,
): void {
  if (words.some((word) => glob.matches(word))) return
  const isForeign = Object.hasOwn(foreign, glob.source)
  if (isForeign && dialect === 'woodpecker') return
  const listed = words.map((word) => `\`${word}\``).join(', ')
  const message = `${quote(glob.source)} matches none of the values there are: ${listed}`
  const hint = isForeign ? foreign[glob.source] : didYouMean(glob.source, words)
  reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message, hint)
}
