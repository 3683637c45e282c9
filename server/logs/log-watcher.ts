import { logKey } from './log-store.js'
import type { LogRef } from './log-store.js'

/** Tells those who follow a log, in this process, that it has grown or ended. */
export class LogWatcher {
  readonly #listeners = new Map<string, Set<() => void>>()

  /** Calls `listener` on every `notify` for the log until the returned function is called. */
  watch(ref: LogRef, listener: () => void): () => void {
    const key = logKey(ref)
    // A wrapper of its own: the same function may watch twice, and each watch ends by itself.
    const entry = (): void => listener()
    const entries = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, entries.add(entry))
    return () => {
      entries.delete(entry)
      if (entries.size === 0 && this.#listeners.get(key) === entries) this.#listeners.delete(key)
    }
  }

  /** Calls the log's listeners once each. */
  notify(ref: LogRef): void {
    for (const listener of [...(this.#listeners.get(logKey(ref)) ?? [])]) listener()
  }

  /** Number of logs that someone follows. */
  get size(): number {
    return this.#listeners.size
  }
}
