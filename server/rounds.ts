/** Does one thing again and again, with a pause between: never twice at once. */
export class Rounds {
  readonly #work: () => Promise<void>
  readonly #pauseMs: number
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  #isStopped = false

  /** @param work must not throw: there is nobody to tell */
  constructor(work: () => Promise<void>, pauseMs: number) {
    this.#work = work
    this.#pauseMs = pauseMs
  }

  /** True once no further round is to begin. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** The first round begins at once. @returns when that is over */
  start(): Promise<void> {
    this.#round = this.#run()
    return this.#round
  }

  /** Stops after the round that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  async #run(): Promise<void> {
    await this.#work()
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.start(), this.#pauseMs)
  }
}
