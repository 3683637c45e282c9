/** Longest time that others wait for webhooks, in milliseconds: they come second, not last. */
const PATIENCE_MS = 250

/** Knows whether webhooks wait for their answer, so that work in the same process can let them go first. */
export class HookTraffic {
  #count = 0
  readonly #waiting = new Set<() => void>()

  /** To be called for each webhook that begins to be read. */
  begin(): void {
    this.#count += 1
  }

  /** To be called once for each that began, when it was answered or went away. */
  end(): void {
    this.#count -= 1
    if (this.#count > 0) return
    for (const go of this.#waiting) go()
  }

  /** Resolves when no webhook waits, or after a quarter of a second. */
  async quiet(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const go = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(go)
        resolve()
      }
      const timer = setTimeout(go, PATIENCE_MS)
      this.#waiting.add(go)
    })
  }
}
