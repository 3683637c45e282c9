import type { Span } from '../diagnostics/reporter.js'
import type { ScalarNode } from '../parse/tree.js'

/**
 * Where a part of a scalar's text is in the source. Exact when the text stands there as it is, with or
 * without quotes around it; else where the scalar starts.
 */
export function placeInScalar({ span, text }: ScalarNode, at: number, length: number): Span {
  const size = span.end - span.start
  if (size !== text.length && size !== text.length + QUOTES) {
    return { start: span.start, end: span.start }
  }
  const start = span.start + at + (size - text.length) / QUOTES
  return { start, end: start + length }
}

const QUOTES = 2
