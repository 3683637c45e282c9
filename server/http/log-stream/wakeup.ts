import type { LogRef } from '../../logs/log-store.js'
import type { LogService } from '../../services.js'

/** Waits for news of one log. What happens between two waits ends the next one at once. */
export class Wakeup {
  readonly #signal: AbortSignal
  readonly #unwatch: () => void
  readonly #wake = (): void => {
    this.#woken = true
    this.#resolve?.()
  }
  #woken = false
  #resolve: (() => void) | null = null

  constructor(logs: LogService, ref: LogRef, signal: AbortSignal) {
    this.#signal = signal
    this.#unwatch = logs.watch(ref, this.#wake)
    signal.addEventListener('abort', this.#wake)
  }

  /** Returns when there is news, when the signal is aborted or after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#woken && !this.#signal.aborted) await this.#sleep(timeoutMs)
    this.#woken = false
  }

  /** Lets go of log and signal. */
  close(): void {
    this.#unwatch()
    this.#signal.removeEventListener('abort', this.#wake)
  }

  async #sleep(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#resolve = resolve
      timer = setTimeout(resolve, timeoutMs)
    })
    clearTimeout(timer)
    this.#resolve = null
  }
}
