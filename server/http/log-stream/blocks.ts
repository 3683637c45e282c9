import { LineSplitter } from '../../logs/line-splitter.js'
import type { LogPlace } from '../../logs/log-places.js'
import { logKey } from '../../logs/log-store.js'
import type { LogRef, LogStore } from '../../logs/log-store.js'
import { EncodedLines } from './encoded-lines.js'

/** About how much of a log is read, encoded and sent at a time. */
const BLOCK_BYTES = 32 * 1024

/** Blocks that are kept of all logs together, not counting what they are encoded to, which is about as much. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024

/** Reads logs block by block; who reads the same one at the same time shares it. */
export class LogBlocks {
  readonly #store: LogStore
  /** Least recently used first. */
  readonly #kept = new Map<string, Promise<EncodedLines | null>>()
  readonly #bytes = new Map<string, number>()
  #keptBytes = 0

  constructor(store: LogStore) {
    this.#store = store
  }

  /** The lines that come after the place, at least one; null when the log has no further whole line. */
  async after(ref: LogRef, place: LogPlace): Promise<EncodedLines | null> {
    const end = Math.min(await this.#store.size(ref), place.offset + BLOCK_BYTES)
    if (end <= place.offset) return null
    const key = `${logKey(ref)} ${place.offset} ${end}`
    const known = this.#kept.get(key)
    if (known !== undefined) return known
    const block = this.#read(ref, place)
    this.#kept.set(key, block)
    try {
      const read = await block
      // A line that is not whole yet may be so the next time.
      if (read === null) this.#kept.delete(key)
      else this.#note(key, read.bytes)
      return read
    } catch (error) {
      this.#kept.delete(key)
      throw error
    }
  }

  async #read(ref: LogRef, place: LogPlace): Promise<EncodedLines | null> {
    const splitter = new LineSplitter()
    const size = await this.#store.size(ref)
    const lines: Buffer[] = []
    let bytes = 0
    let from = place.offset
    while (lines.length === 0 && from < size) {
      const to = Math.min(size, from + BLOCK_BYTES)
      for await (const chunk of this.#store.read(ref, from, to)) {
        for (const line of splitter.push(chunk)) {
          lines.push(line)
          bytes += line.length + 1
        }
      }
      from = to
    }
    if (lines.length === 0) return null
    const piece = { kind: 'lines', attempt: ref.attempt, first: place.line + 1, lines } as const
    return new EncodedLines(piece, place.offset + bytes)
  }

  #note(key: string, bytes: number): void {
    if (this.#bytes.has(key)) return
    this.#bytes.set(key, bytes)
    this.#keptBytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= KEPT_BYTES_MAX) return
      this.#kept.delete(oldest)
      this.#keptBytes -= this.#bytes.get(oldest) ?? 0
      this.#bytes.delete(oldest)
    }
  }
}
