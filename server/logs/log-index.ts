import { decodeLogRecord } from '../../protocol/log-record.js'
import type { LogPlace, LogSectionMark } from './log-places.js'

/** A place is kept about every so many lines or bytes of a log, whichever comes first. */
const PLACE_LINES = 256
const PLACE_BYTES = 64 * 1024

/** Sections that are kept of one log; a loop may begin any number. */
export const SECTIONS_MAX = 5_000

/** JSON of a record ends so only when the runner says more of it than its text and time. */
const SECTION_END = Buffer.from('}}')

/** Where the lines of one log are, as far as it was read: sparse, and made anew whenever it is missing. */
export class LogIndex {
  readonly #lines: number[] = [0]
  readonly #offsets: number[] = [0]
  readonly #sections: LogSectionMark[] = []
  #lineCount = 0
  #bytes = 0

  /** The index of a log that was read before. */
  static known(log: {
    readonly places: readonly LogPlace[]
    readonly end: LogPlace
    readonly sections: readonly LogSectionMark[]
  }): LogIndex {
    const index = new LogIndex()
    for (const { line, offset } of log.places.slice(1)) {
      index.#lines.push(line)
      index.#offsets.push(offset)
    }
    index.#sections.push(...log.sections)
    index.#lineCount = log.end.line
    index.#bytes = log.end.offset
    return index
  }

  /** Whole lines so far, and the bytes that they take. */
  get end(): LogPlace {
    return { line: this.#lineCount, offset: this.#bytes }
  }

  /** How many places are kept. */
  get size(): number {
    return this.#lines.length
  }

  get sections(): readonly LogSectionMark[] {
    return this.#sections
  }

  /** Takes the next line, without its newline. */
  push(line: Buffer): void {
    this.#noteSection(line)
    this.#lineCount += 1
    this.#bytes += line.length + 1
    const lines = this.#lineCount - (this.#lines.at(-1) ?? 0)
    const bytes = this.#bytes - (this.#offsets.at(-1) ?? 0)
    if (lines < PLACE_LINES && bytes < PLACE_BYTES) return
    this.#lines.push(this.#lineCount)
    this.#offsets.push(this.#bytes)
  }

  /** The last kept place that has at most `line` lines before it. */
  placeBefore(line: number): LogPlace {
    let low = 0
    let high = this.#lines.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#lines[middle] ?? 0) <= line) low = middle
      else high = middle - 1
    }
    return { line: this.#lines[low] ?? 0, offset: this.#offsets[low] ?? 0 }
  }

  #noteSection(line: Buffer): void {
    if (this.#sections.length >= SECTIONS_MAX) return
    if (line.subarray(-SECTION_END.length).compare(SECTION_END) !== 0) return
    const section = sectionOf(line)
    if (section !== null) this.#sections.push({ line: this.#lineCount + 1, ...section })
  }
}

function sectionOf(line: Buffer): Omit<LogSectionMark, 'line'> | null {
  try {
    const { section, time, out } = decodeLogRecord(line.toString())
    if (section === undefined) return null
    return { command: section.command, before: section.before ?? null, timeMs: time, text: out }
  } catch (error) {
    // A damaged line begins nothing; whoever reads the log is told of it.
    if (error instanceof SyntaxError) return null
    throw error
  }
}
