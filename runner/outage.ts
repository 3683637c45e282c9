import { messageOf } from '../protocol/errors.js'
import type { RunnerLog } from './log.js'

/** Writes down why something can't be reached: once for all tries that fail alike, until it is there again. */
export class Outage {
  readonly #log: Pick<RunnerLog, 'warn'>
  readonly #message: string
  #last = ''

  constructor(log: Pick<RunnerLog, 'warn'>, message: string) {
    this.#log = log
    this.#message = message
  }

  failed(reason: unknown): void {
    const error = messageOf(reason)
    if (error !== this.#last) this.#log.warn({ error }, this.#message)
    this.#last = error
  }

  ended(): void {
    this.#last = ''
  }
}
