import { LogIndex } from './log-index.js'
import type { LogPlace, LogSectionMark } from './log-places.js'

/** One gzip member of an archived log: whole lines, but for a last one without a newline. */
export interface ArchiveFrame extends LogPlace {
  /** Where it begins in the blob. */
  readonly at: number
}

/** Where the parts of an archived log are, kept beside it. */
export interface ArchiveIndex {
  readonly frames: readonly ArchiveFrame[]
  /** End of the log and of its blob. */
  readonly end: ArchiveFrame
  readonly sections: readonly LogSectionMark[]
}

/** As JSON: three numbers a frame. */
export function encodeArchiveIndex({ frames, end, sections }: ArchiveIndex): string {
  const numbers = [...frames, end].map(({ line, offset, at }) => [line, offset, at])
  return JSON.stringify({ frames: numbers, sections })
}

/** The index that was encoded so; ours only, so nothing is checked. */
export function decodeArchiveIndex(json: string): ArchiveIndex {
  const { frames, sections } = JSON.parse(json) as {
    readonly frames: readonly (readonly [number, number, number])[]
    readonly sections: readonly LogSectionMark[]
  }
  const places = frames.map(([line, offset, at]) => ({ line, offset, at }))
  const end = places.pop() ?? { line: 0, offset: 0, at: 0 }
  return { frames: places, end, sections }
}

/** The log's own index, made of what is kept: places are further apart than in one that is made by reading. */
export function logIndexOf({ frames, end, sections }: ArchiveIndex): LogIndex {
  return LogIndex.known({ places: frames, end, sections })
}
