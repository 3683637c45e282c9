import { getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Span } from '../diagnostics/reporter.js'
import type { TreeContext } from './build-tree.js'
import { blockIndicator, emptyValue } from './extent.js'
import { plainValue } from './plain-scalar.js'
import type { ScalarNode } from './tree.js'

/**
 * The node of a scalar.
 * @param previous offset in the text where what stands before it ends
 */
export function scalarNode(
  event: ScalarEvent,
  previous: number,
  { text, base, restore }: Pick<TreeContext, 'text' | 'base' | 'restore'>,
): ScalarNode {
  const span = extentOf(event, previous, text, base)
  const written = event.valueStart < 0 ? '' : restore(getScalarValue(text, event))
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) {
    return { kind: 'scalar', value: written, text: written, span, weight: 1 }
  }
  const value = plainValue(written)
  if (typeof value === 'string') {
    return { kind: 'scalar', value, text: written, span, weight: 1, plain: true }
  }
  return { kind: 'scalar', value, text: value === null ? '' : written, span, weight: 1 }
}

function extentOf(
  { valueStart, valueEnd, style, anchorEnd, tagEnd }: ScalarEvent,
  previous: number,
  text: string,
  base: number,
): Span {
  if (valueStart < 0) {
    const at = Math.max(emptyValue(text, previous), anchorEnd, tagEnd)
    return { start: base + at, end: base + at }
  }
  switch (style) {
    case SCALAR_STYLE.PLAIN:
      return { start: base + valueStart, end: base + valueEnd }
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return { start: base + valueStart - 1, end: base + valueEnd + 1 }
    default: {
      const from = Math.max(previous, anchorEnd, tagEnd)
      return { start: base + blockIndicator(text, from, valueStart), end: base + valueEnd }
    }
  }
}
