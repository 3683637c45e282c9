import type { LogRef, LogStore } from '../../logs/log-store.js'
import { LineSplitter } from './line-splitter.js'
import type { LogLines } from './piece.js'

/** A place in one log: reads on from there, chunk by chunk, and never holds more than a chunk. */
export class LogCursor {
  readonly #store: LogStore
  readonly #ref: LogRef
  readonly #skipLines: number
  readonly #splitter = new LineSplitter()
  #offset = 0
  #lineCount = 0

  /** Starts at the line after the first `skipLines`. */
  constructor(store: LogStore, ref: LogRef, skipLines: number) {
    this.#store = store
    this.#ref = ref
    this.#skipLines = skipLines
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset
  }

  /** True when the log has bytes that were not read yet. */
  async hasMore(): Promise<boolean> {
    return (await this.#store.size(this.#ref)) > this.#offset
  }

  /** Reads up to what is the log's end now. */
  async *advance(): AsyncGenerator<LogLines, void> {
    const size = await this.#store.size(this.#ref)
    if (size <= this.#offset) return
    for await (const chunk of this.#store.read(this.#ref, this.#offset, size)) {
      this.#offset += chunk.length
      const piece = this.#count(this.#splitter.push(chunk))
      if (piece !== null) yield piece
    }
  }

  /** The last line where the log ends without a newline, so that no byte of it is lost. */
  finish(): LogLines | null {
    const rest = this.#splitter.finish()
    return rest.length === 0 ? null : this.#count([rest])
  }

  #count(lines: readonly Buffer[]): LogLines | null {
    const before = this.#lineCount
    this.#lineCount += lines.length
    const skipped = Math.min(lines.length, Math.max(0, this.#skipLines - before))
    if (skipped === lines.length) return null
    const { attempt } = this.#ref
    return { kind: 'lines', attempt, first: before + skipped + 1, lines: lines.slice(skipped) }
  }
}
