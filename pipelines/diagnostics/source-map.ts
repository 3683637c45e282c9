import type { SourceFile } from '../diagnostic.js'
import { createLineIndex, type LineIndex } from './line-index.js'
import type { Place } from './reporter.js'

/** Lays sources one after the other, so that one number is a place in one of them. */
export interface SourceMap {
  /** @returns the offset that the text starts at */
  add(source: SourceFile): number
  /** Line and column in the source that an offset is in; outside of all, the nearest end. */
  place(offset: number): Place
  /** Names of the sources, in the order in which they were added, each once. */
  files(): readonly string[]
}

interface Mapped {
  readonly base: number
  readonly file: string
  readonly lines: LineIndex
}

export function createSourceMap(): SourceMap {
  const sources: Mapped[] = []
  let next = 0
  return {
    add({ file, text }) {
      const base = next
      sources.push({ base, file, lines: createLineIndex(text) })
      // One more than the text is long: its end is not the start of the next.
      next += text.length + 1
      return base
    },
    place(offset) {
      const source = sources.findLast(({ base }) => base <= offset) ?? sources[0]
      if (source === undefined) return { file: '', line: 1, column: 1 }
      return { file: source.file, ...source.lines.position(offset - source.base) }
    },
    files: () => [...new Set(sources.map(({ file }) => file))],
  }
}
