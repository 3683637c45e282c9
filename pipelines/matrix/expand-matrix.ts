import type { Dialect } from '../convert/dialect.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { MATRIX_MAX } from '../limits.js'
import { describeKind, type Document, isNull } from '../parse/tree.js'
import { type Axis, type Matrix, readMatrix } from './read-matrix.js'

/** One combination of a pipeline's matrix; a pipeline without one has a single, empty combination. */
export type Combination = Readonly<Record<string, string>>

export interface MatrixOptions {
  readonly dialect?: Dialect
  /** Nodes that the documents of this compilation may still expand to. */
  readonly budget?: { nodes: number }
}

const NONE: readonly Combination[] = [{}]

/**
 * The combinations that a document asks for: the first axis changes slowest, then come those that are
 * included. Problems are reported; too many combinations are a problem, never a reason to leave some out.
 */
export function combinationsOf(
  { root }: Document,
  reporter: Reporter,
  { dialect = 'sandpiper', budget }: MatrixOptions = {},
): readonly Combination[] {
  const entry = root.kind === 'map' ? root.entries.get('matrix') : undefined
  if (entry === undefined || isNull(entry.value)) return NONE
  const node = entry.value
  if (node.kind !== 'map') {
    const message = `\`matrix\` must be a mapping, but it is ${describeKind(node)}`
    reporter.error('SP_PIPELINE_MATRIX', node.span, message, 'write `AXIS: [value, value]`')
    return NONE
  }
  const matrix = readMatrix(node, reporter)
  const count = countOf(matrix, dialect)
  if (count > MADE_MAX) {
    reportTooMany(count, entry.keySpan, reporter)
    return NONE
  }
  const left = budget ?? { nodes: Infinity }
  left.nodes -= count + Math.floor((count * matrix.exclude.length) / LOOKS_PER_NODE)
  const combinations = left.nodes < 0 ? [] : expand(matrix, dialect, entry.keySpan, reporter)
  left.nodes -= combinations.length * root.weight
  if (left.nodes >= 0) return combinations.length === 0 ? NONE : combinations
  const message = 'with a copy of the pipeline for each combination the file is too large'
  const hint = 'take fewer values, or put the matrix into a smaller pipeline'
  reporter.error('SP_PIPELINE_TOO_LARGE', entry.keySpan, message, hint)
  return NONE
}

/** Combinations that are made before `exclude` takes some of them. */
const MADE_MAX = 4096
/** Comparing a combination with a row of `exclude` costs this little, measured in nodes. */
const LOOKS_PER_NODE = 50

/** How many combinations there are before `exclude`. */
function countOf({ axes, include }: Matrix, dialect: Dialect): number {
  if (isList({ axes, include }, dialect)) return include.length
  return include.length + axes.reduce((count, { values }) => count * values.length, 1)
}

/** Where combinations are listed, other tools take them for all that there are. */
function isList({ axes, include }: Pick<Matrix, 'axes' | 'include'>, dialect: Dialect): boolean {
  return axes.length === 0 || (include.length > 0 && LISTS_ALONE.includes(dialect))
}

const LISTS_ALONE: readonly Dialect[] = ['woodpecker', 'drone-0.8']

function expand(
  matrix: Matrix,
  dialect: Dialect,
  span: Span,
  reporter: Reporter,
): readonly Combination[] {
  const { axes, include } = matrix
  const crossed = isList(matrix, dialect) ? [] : without(product(axes), matrix, reporter)
  const combinations = distinct([...crossed, ...include.map(({ values }) => values)])
  if (combinations.length > MATRIX_MAX) {
    reportTooMany(combinations.length, span, reporter)
    return []
  }
  if (combinations.length === 0 && axes.length > 0) {
    const message = 'the matrix has no combination left: `exclude` takes all of them'
    reporter.error('SP_PIPELINE_MATRIX', span, message)
  }
  return combinations
}

function product(axes: readonly Axis[]): Combination[] {
  return axes.reduce<Combination[]>(
    (combinations, { name, values }) =>
      combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  )
}

/** Leaves out what has all values of one of the rows; a row that no combination has is told of. */
function without(
  combinations: readonly Combination[],
  { exclude, axes }: Matrix,
  reporter: Reporter,
): Combination[] {
  const known = new Map(axes.map(({ name, values }) => [name, new Set(values)]))
  const rows = exclude.map(({ values }) => Object.entries(values))
  exclude.forEach(({ span }, index) => {
    const isMet = (rows[index] ?? []).every(([axis, value]) => known.get(axis)?.has(value) === true)
    const message = 'no combination of the matrix has these values, so `exclude` leaves none out'
    if (!isMet) reporter.warning('SP_PIPELINE_NO_EFFECT', span, message)
  })
  return combinations.filter(
    (one) => !rows.some((row) => row.every(([axis, value]) => one[axis] === value)),
  )
}

/** Each combination once, where it comes first. */
function distinct(combinations: readonly Combination[]): Combination[] {
  const byKey = new Map<string, Combination>()
  for (const one of combinations) {
    const key = keyOf(one)
    if (!byKey.has(key)) byKey.set(key, one)
  }
  return [...byKey.values()]
}

function keyOf(combination: Combination): string {
  return JSON.stringify(Object.entries(combination).sort(byName))
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}

function reportTooMany(count: number, span: Span, reporter: Reporter): void {
  const message = `the matrix has ${count} combinations, more than ${MATRIX_MAX}`
  const hint = 'split the pipeline, or list the combinations that matter with `include`'
  reporter.error('SP_PIPELINE_TOO_LARGE', span, message, hint)
}
