import { getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { Span } from '../diagnostics/reporter.js'
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
  { text, base }: { readonly text: string; readonly base: number },
): ScalarNode {
  const { start, end } = extentOf(event, previous, text)
  const span = { start: base + start, end: base + end }
  const written = event.valueStart < 0 ? '' : getScalarValue(text, event)
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) {
    return { kind: 'scalar', value: written, text: written, span, weight: 1 }
  }
  const value = plainValue(written)
  const isNull = value === null
  const node = { kind: 'scalar', value, text: isNull ? '' : written, span, weight: 1 } as const
  return typeof value === 'string' ? { ...node, plain: true } : node
}

function extentOf(
  { valueStart, valueEnd, style, ...event }: ScalarEvent,
  previous: number,
  text: string,
): Span {
  if (valueStart < 0) {
    const at = Math.max(emptyValue(text, previous), event.anchorEnd, event.tagEnd)
    return { start: at, end: at }
  }
  switch (style) {
    case SCALAR_STYLE.PLAIN:
      return { start: valueStart, end: valueEnd }
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return { start: valueStart - 1, end: valueEnd + 1 }
    default: {
      const from = Math.max(previous, event.anchorEnd, event.tagEnd)
      return { start: blockIndicator(text, from, valueStart), end: valueEnd }
    }
  }
}
