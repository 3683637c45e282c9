import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { describeKind, type Entry, isNull, type MapNode, type Node } from '../parse/tree.js'
import { SUBSTITUTED_PREFIX } from '../substitution/shell-variables.js'
import type { Combination } from './expand-matrix.js'

/** A matrix as it is written. */
export interface Matrix {
  readonly axes: readonly Axis[]
  readonly include: readonly Row[]
  readonly exclude: readonly Row[]
}

export interface Axis {
  readonly name: string
  readonly values: readonly string[]
}

/** A combination in `include` or `exclude`. */
export interface Row {
  readonly values: Combination
  readonly span: Span
}

/** What an axis can be called: it is the name of a variable. */
// eslint-disable-next-line no-control-regex -- names with these can't be passed on
export const AXIS_NAME = /^(?!__proto__$)[^=\u0000-\u0020\u007f]+$/u

// eslint-disable-next-line no-control-regex -- one line of text has none of these
const VALUE = /^(?=.*\S)[^\u0000-\u001f\u007f]*$/u

/** Reads a matrix; everything wrong with it is reported. */
export function readMatrix(node: MapNode, reporter: Reporter): Matrix {
  const axes: Axis[] = []
  for (const entry of node.entries.values()) {
    if (entry.key === 'include' || entry.key === 'exclude') continue
    const axis = readAxis(entry, reporter)
    if (axis !== undefined) axes.push(axis)
  }
  return {
    axes,
    include: readRows(node.entries.get('include'), reporter),
    exclude: readRows(node.entries.get('exclude'), reporter),
  }
}

function readAxis(entry: Entry, reporter: Reporter): Axis | undefined {
  const { key, keySpan, value } = entry
  checkName(entry, reporter)
  if (value.kind === 'map') {
    const message = `the axis ${quote(key)} must be a list of values, but it is a mapping`
    reporter.error('SP_PIPELINE_MATRIX', value.span, message)
    return undefined
  }
  const items = value.kind === 'list' ? value.items : [value].filter((one) => !isNull(one))
  if (items.length === 0) {
    const message = `the axis ${quote(key)} has no values, so it has no part in the matrix`
    reporter.warning('SP_PIPELINE_NO_EFFECT', keySpan, message)
    return undefined
  }
  const values = items.map((item) => readValue(item, key, reporter))
  return { name: key, values: [...new Set(values)] }
}

function readRows(entry: Entry | undefined, reporter: Reporter): Row[] {
  if (entry === undefined || isNull(entry.value)) return []
  const { key, value } = entry
  if (value.kind !== 'list') {
    const message = `\`${key}\` of a matrix must be a list, but it is ${describeKind(value)}`
    const hint = 'write `- AXIS: value` for each combination'
    reporter.error('SP_PIPELINE_MATRIX', value.span, message, hint)
    return []
  }
  return value.items.flatMap((item) => readRow(item, key, reporter))
}

function readRow(node: Node, key: string, reporter: Reporter): Row[] {
  if (node.kind !== 'map' || node.entries.size === 0) {
    const message = `an entry of \`${key}\` must be a mapping of axes to values, but it is ${describeKind(node)}`
    reporter.error('SP_PIPELINE_MATRIX', node.span, message)
    return []
  }
  const values: Record<string, string> = {}
  for (const entry of node.entries.values()) {
    if (checkName(entry, reporter)) {
      values[entry.key] = readValue(entry.value, entry.key, reporter)
    }
  }
  return [{ values, span: node.span }]
}

function checkName({ key, keySpan }: Entry, reporter: Reporter): boolean {
  if (key.startsWith(SUBSTITUTED_PREFIX)) {
    const message = `${quote(key)} can't be the name of an axis: values of \`\${}\` have such names`
    reporter.error('SP_PIPELINE_RESERVED_NAME', keySpan, message)
    return false
  }
  if (AXIS_NAME.test(key)) return true
  const message = `${quote(key)} can't be the name of an axis, which is a variable`
  reporter.error('SP_PIPELINE_MATRIX', keySpan, message)
  return false
}

/** A value as it is written: `1.10` stays that. */
function readValue(node: Node, axis: string, reporter: Reporter): string {
  if (node.kind === 'scalar' && VALUE.test(node.text)) return node.text
  const kind =
    node.kind === 'scalar' && !isNull(node) ? 'more or less than that' : describeKind(node)
  const message = `a value of the axis ${quote(axis)} must be one line of text, but it is ${kind}`
  reporter.error('SP_PIPELINE_MATRIX', node.span, message)
  return ''
}
