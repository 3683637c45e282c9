import type { LogRef, LogStore } from '../../logs/log-store.js'
import { LineSplitter } from '../../logs/line-splitter.js'
import type { LogLines } from './piece.js'
import { LOG_START } from '../../logs/log-places.js'
import type { LogPlace } from '../../logs/log-places.js'

/** A place in one log: reads on from there, chunk by chunk, and never holds more than a chunk. */
export class LogCursor {
  readonly #store: LogStore
  readonly #ref: LogRef
  readonly #splitter = new LineSplitter()
  #offset: number
  #lineCount: number
  #bytesInLines: number

  constructor(store: LogStore, ref: LogRef, start: LogPlace = LOG_START) {
    this.#store = store
    this.#ref = ref
    this.#offset = start.offset
    this.#lineCount = start.line
    this.#bytesInLines = start.offset
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset
  }

  /** Behind the last whole line that was read. */
  get position(): LogPlace {
    return { line: this.#lineCount, offset: this.#bytesInLines }
  }

  /** True when the log has bytes that were not read yet. */
  async hasMore(): Promise<boolean> {
    return (await this.#store.size(this.#ref)) > this.#offset
  }

  /** Reads up to what is the log's end now, or to where it has so many bytes. */
  async *advance(bytes = Number.MAX_SAFE_INTEGER): AsyncGenerator<LogLines, void> {
    const size = Math.min(bytes, await this.#store.size(this.#ref))
    if (size <= this.#offset) return
    for await (const chunk of this.#store.read(this.#ref, this.#offset, size)) {
      this.#offset += chunk.length
      const lines = this.#splitter.push(chunk)
      if (lines.length > 0) yield this.#count(lines)
    }
  }

  /** The last line where the log ends without a newline, so that no byte of it is lost. */
  finish(): LogLines | null {
    const rest = this.#splitter.finish()
    return rest.length === 0 ? null : this.#count([rest])
  }

  #count(lines: readonly Buffer[]): LogLines {
    const first = this.#lineCount + 1
    this.#lineCount += lines.length
    for (const line of lines) this.#bytesInLines += line.length + 1
    return { kind: 'lines', attempt: this.#ref.attempt, first, lines }
  }
}

/** The piece without its first lines up to and with number `line`; null when nothing is left. */
export function linesAfter(piece: LogLines, line: number): LogLines | null {
  const skipped = Math.max(0, line + 1 - piece.first)
  if (skipped >= piece.lines.length) return null
  return { ...piece, first: piece.first + skipped, lines: piece.lines.slice(skipped) }
}
