import type { Clock } from '../clock.js'

/**
 * Whether the server hears what runners say. A lease may only end while it does: a heartbeat that
 * waits in Redis, or in a runner that Redis is away for, is no sign of a lost runner.
 */
export class UplinkHealth {
  readonly #clock: Clock
  readonly #gapMsMax: number
  /** When the reader last had nothing left to read; 0 before the first time. */
  #caughtUpAt = 0
  /** Since when it catches up without a gap. */
  #healthySince = 0
  #trouble = 'not connected yet'

  /** A reader that does not catch up for longer than `gapMsMax` has not been listening. */
  constructor(clock: Clock, gapMsMax: number) {
    this.#clock = clock
    this.#gapMsMax = gapMsMax
  }

  /** The readers have applied everything there was `agoMs` milliseconds ago. */
  caughtUp(agoMs = 0): void {
    const now = this.#clock.now()
    if (!this.#isRecent(now)) this.#healthySince = now
    this.#caughtUpAt = now - agoMs
    this.#trouble = ''
  }

  /** The reader could not go on; what it has not read may be anything. */
  failed(reason: string): void {
    this.#caughtUpAt = 0
    this.#trouble = reason
  }

  /**
   * Since when everything that runners sent has been heard, in Unix milliseconds; null when that is
   * not so now. Also after the process, or its machine, was stopped for a while.
   */
  healthySince(): number | null {
    return this.#isRecent(this.#clock.now()) ? this.#healthySince : null
  }

  /** What is wrong, in words; empty when nothing is. */
  trouble(): string {
    if (this.#trouble !== '') return this.#trouble
    return this.healthySince() === null ? 'it has not caught up for a while' : ''
  }

  #isRecent(now: number): boolean {
    const age = now - this.#caughtUpAt
    return this.#caughtUpAt > 0 && age >= 0 && age <= this.#gapMsMax
  }
}
