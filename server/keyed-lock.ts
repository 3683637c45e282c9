/** Runs work on one key one after another, on different keys at once. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs `work` after everything that was asked for the key before. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const result = before.then(work)
    const tail = result.catch(() => undefined)
    this.#tails.set(key, tail)
    return result.finally(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
  }
}
