import { RegistryError } from '../errors.js'
import type { Retries } from '../types.js'
import type { Timing } from './timing.js'

export interface RetryOptions {
  readonly retries: Retries
  readonly timing: Timing
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((text: string) => void) | undefined
}

/** Counts the failures of one undertaking, and waits between its tries. */
export class Patience {
  readonly #options: RetryOptions
  #failures = 0

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /** What failed has come a good way since: it may fail as often again. */
  renew(): void {
    this.#failures = 0
  }

  /**
   * Waits for the next try.
   * @throws the error when it is none that another try may mend, or there were enough tries
   */
  async after(error: unknown): Promise<void> {
    const { retries, timing, signal, onRetry } = this.#options
    signal?.throwIfAborted()
    if (!(error instanceof RegistryError) || !error.again) throw error
    this.#failures += 1
    if (this.#failures >= retries.tries) throw error
    if ((error.afterMs ?? 0) > retries.retryAfterMsMax) throw error
    const waitMs = Math.max(error.afterMs ?? 0, this.#backoff())
    const tries = `${String(this.#failures + 1)} of ${String(retries.tries)}`
    onRetry?.(`${error.message}; trying again in ${seconds(waitMs)} (${tries})`)
    await timing.wait(waitMs, signal)
  }

  /** Doubles with each failure; half of it is chance, so that many runners don't come back at once. */
  #backoff(): number {
    const { retries, timing } = this.#options
    const whole = Math.min(retries.waitMsMax, retries.baseMs * 2 ** (this.#failures - 1))
    return Math.round(whole / 2 + (whole / 2) * timing.random())
  }
}

/** Does the work, again where that may help. @throws what the last try threw */
export async function withRetries<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const patience = new Patience(options)
  for (;;) {
    try {
      return await work()
    } catch (error) {
      await patience.after(error)
    }
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${String(ms)} ms` : `${String(Math.round(ms / 1000))} s`
}
