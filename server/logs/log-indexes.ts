import { KeyedLock } from '../keyed-lock.js'
import { LineSplitter } from './line-splitter.js'
import { LogIndex } from './log-index.js'
import type { LogPlace } from './log-places.js'
import { logKey } from './log-store.js'
import type { LogRef, LogStore } from './log-store.js'

/** Places kept of all logs together: 16 bytes each. */
const PLACES_MAX = 500_000

/**
 * Indexes of the logs that were asked for last. An index grows as its log does, never further than it is needed,
 * and is made anew from the log when it is not here.
 */
export class LogIndexes {
  readonly #store: LogStore
  /** Least recently used first. */
  readonly #indexes = new Map<string, LogIndex>()
  readonly #lock = new KeyedLock()

  constructor(store: LogStore) {
    this.#store = store
  }

  /** The index of the whole log as it is now. */
  async whole(ref: LogRef): Promise<LogIndex> {
    return this.#upTo(ref, Number.POSITIVE_INFINITY)
  }

  /** A place at or a little before the end of the first `line` lines; the log's end when it has not so many. */
  async placeOf(ref: LogRef, line: number): Promise<LogPlace> {
    const index = await this.#upTo(ref, line)
    return index.end.line <= line ? index.end : index.placeBefore(line)
  }

  /** Forgets a log that was removed. */
  forget(ref: LogRef): void {
    this.#indexes.delete(logKey(ref))
  }

  async #upTo(ref: LogRef, line: number): Promise<LogIndex> {
    const key = logKey(ref)
    return this.#lock.run(key, async () => {
      const index = await this.#current(ref, key)
      if (index.end.line < line) await this.#grow(ref, index, line)
      this.#forgetOldest()
      return index
    })
  }

  /** What is known, unless the log has become shorter than that: then it is another one. */
  async #current(ref: LogRef, key: string): Promise<LogIndex> {
    const known = this.#indexes.get(key)
    const isSound = known !== undefined && known.end.offset <= (await this.#store.size(ref))
    const saved = isSound ? null : await this.#store.savedIndex?.(ref)
    const index = isSound ? known : (saved ?? new LogIndex())
    this.#indexes.delete(key)
    this.#indexes.set(key, index)
    return index
  }

  async #grow(ref: LogRef, index: LogIndex, line: number): Promise<void> {
    const size = await this.#store.size(ref)
    const splitter = new LineSplitter()
    for await (const chunk of this.#store.read(ref, index.end.offset, size)) {
      for (const found of splitter.push(chunk)) index.push(found)
      if (index.end.line >= line) return
    }
  }

  #forgetOldest(): void {
    let places = 0
    for (const index of this.#indexes.values()) places += index.size
    for (const [key, index] of this.#indexes) {
      if (places <= PLACES_MAX || this.#indexes.size <= 1) return
      this.#indexes.delete(key)
      places -= index.size
    }
  }
}
