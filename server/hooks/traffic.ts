import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/** Webhooks that come closer together than this are one stream, in milliseconds. */
const GAP_MS = 15
/** Longest time that other work waits for them: it comes second, not last. */
const PATIENCE_MS = 50
const LOOK_MS = 5

/**
 * Knows whether webhooks are coming in, so that work in the same process lets them go first: each of its commits to SQLite
 * holds the process for as long as the disk takes.
 */
export class HookTraffic {
  #count = 0
  #last = -Infinity
  #turn: Promise<void> = Promise.resolve()

  /** To be called for each webhook that begins to be read. */
  begin(): void {
    this.#count += 1
    this.#last = performance.now()
  }

  /** To be called once for each that began, when it was answered or went away. */
  end(): void {
    this.#count -= 1
  }

  /** Resolves when no webhooks come, or after a moment; those who call it go on one after the other. */
  quiet(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#pause())
    return this.#turn
  }

  async #pause(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while ((await this.#isBusy()) && performance.now() < end) await sleep(LOOK_MS)
  }

  async #isBusy(): Promise<boolean> {
    // Those that arrived while something held up the process are read first: at the latest between these two.
    await setImmediate()
    await setImmediate()
    const sinceMs = performance.now() - this.#last
    // A sender that never comes to the end of its body holds nobody up.
    return sinceMs < GAP_MS || (this.#count > 0 && sinceMs < PATIENCE_MS)
  }
}
