/** Without an acknowledgement for this long, a look is taken at what is missing. */
const FIRST_MS = 2000
/** The longest pause between two times of sending the same again. */
const LAST_MS = 30_000

/**
 * Decides when unacknowledged messages are to be sent again. Each time without any progress doubles
 * the pause, so that a server that is away does not fill Redis. All times are Unix milliseconds.
 */
export class ResendTimer {
  #since = 0
  #pauseMs = FIRST_MS
  #isWaiting = false

  /** Something was sent. */
  sent(now: number): void {
    if (!this.#isWaiting) this.#since = now
    this.#isWaiting = true
  }

  /** Something was acknowledged. */
  progressed(now: number): void {
    this.#since = now
    this.#pauseMs = FIRST_MS
  }

  /** Nothing is left to be acknowledged. */
  idle(): void {
    this.#isWaiting = false
    this.#pauseMs = FIRST_MS
  }

  /** The connection is new. */
  connected(now: number): void {
    this.progressed(now)
  }

  /** Everything was marked to be sent again. */
  resent(now: number): void {
    this.#since = now
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_MS)
  }

  /** True when nothing was acknowledged for so long that messages may be lost. */
  isDue(now: number): boolean {
    return this.#isWaiting && now - this.#since >= this.#pauseMs
  }

  /** True when it is time to send again even though Redis still has the messages. */
  isOverdue(now: number): boolean {
    return this.#isWaiting && now - this.#since >= LAST_MS
  }
}
