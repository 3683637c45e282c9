import { REMEMBERED_MAX } from '../limits.js'

/** A map that forgets what was used longest ago: names come from pipelines, without end. */
export class Remembered<T> {
  readonly #max: number
  readonly #entries = new Map<string, T>()

  constructor(max = REMEMBERED_MAX) {
    this.#max = max
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
