import type { Position } from '../diagnostic.js'

/** Finds line and column of offsets in one text. */
export interface LineIndex {
  /** Position of an offset in UTF-16 code units; offsets outside of the text are moved to its ends. */
  position(offset: number): Position
}

/** Indexes the line starts of `source`. A line ends with LF or CRLF. */
export function createLineIndex(source: string): LineIndex {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
    starts.push(at + 1)
  }
  return {
    position(offset) {
      const clamped = Math.max(0, Math.min(offset, source.length))
      const line = lastAtMost(starts, clamped)
      return { line: line + 1, column: clamped - (starts[line] ?? 0) + 1 }
    },
  }
}

/** Index of the last element that is not greater than `value`; `sorted` starts with the least value. */
function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((sorted[middle] ?? Infinity) <= value) low = middle
    else high = middle - 1
  }
  return low
}
