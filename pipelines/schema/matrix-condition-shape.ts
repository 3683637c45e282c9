import type { Glob } from '../conditions/glob/glob.js'
import type { MapNode, Node } from '../parse/tree.js'
import { oneOrMany } from './collections.js'
import { globs, pattern } from './condition-shape.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext, Shape } from './shape.js'

/** Patterns for the value of one axis, of which one must match. */
export interface AxisPatterns {
  readonly axis: string
  readonly patterns: readonly Glob[]
}

/** What `matrix` asks of the combination: every axis of `include`, and not every one of `exclude`. */
export interface MatrixCondition {
  readonly include: readonly AxisPatterns[]
  readonly exclude: readonly AxisPatterns[]
  readonly node: Node
}

const PATTERNS = oneOrMany(pattern())
const AXES = { type: 'object', additionalProperties: PATTERNS.schema }

/** A condition on the combination of the matrix: axis to pattern, or `include` and `exclude` of such. */
export const MATRIX_CONDITION: Shape<MatrixCondition> = {
  schema: {
    type: 'object',
    properties: {
      include: {
        description: 'Axes with patterns, all of which must match.',
        anyOf: [AXES, PATTERNS.schema],
      },
      exclude: {
        description: 'Axes with patterns, not all of which may match.',
        anyOf: [AXES, PATTERNS.schema],
      },
    },
    additionalProperties: PATTERNS.schema,
  },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind !== 'map') {
      return wrongKind(node, context, `${where} must be a mapping`, 'write `AXIS: value`')
    }
    const include: AxisPatterns[] = []
    const exclude: AxisPatterns[] = []
    for (const { key, value } of node.entries.values()) {
      // An axis may be called `include`; then it has patterns and no mapping.
      const isGroup = value.kind === 'map' && (key === 'include' || key === 'exclude')
      if (!isGroup) include.push(...decodeAxis(key, value, context))
      else (key === 'include' ? include : exclude).push(...decodeAxes(value, context))
    }
    return { include, exclude, node }
  },
}

function decodeAxes(node: MapNode, context: DecodeContext): AxisPatterns[] {
  return [...node.entries.values()].flatMap(({ key, value }) => decodeAxis(key, value, context))
}

function decodeAxis(axis: string, node: Node, context: DecodeContext): AxisPatterns[] {
  const decoded = PATTERNS.decode(node, context, `\`${axis}\``)
  return decoded === null ? [] : [{ axis, patterns: globs(decoded) }]
}
