/** A connection on which too little moves. */
export class Stalled extends Error {}

/** Ends what takes longer than it may. Its time runs only between `start` and `pause`. */
export class Watchdog {
  readonly #onEnd: (error: Stalled) => void
  #timer: NodeJS.Timeout | undefined

  constructor(onEnd: (error: Stalled) => void) {
    this.#onEnd = onEnd
  }

  start(ms: number, why: string): void {
    this.pause()
    this.#timer = setTimeout(() => this.#onEnd(new Stalled(`${why} within ${spell(ms)}`)), ms)
  }

  pause(): void {
    clearTimeout(this.#timer)
  }
}

/** How much has moved: a connection may pause, but not trickle. */
export class Pace {
  readonly #stallMs: number
  readonly #bytes: number
  #moved = 0
  #waitedMs = 0

  /** At least `bytes` must move in each `stallMs`. */
  constructor(stallMs: number, bytes: number) {
    this.#stallMs = stallMs
    this.#bytes = bytes
  }

  /** Milliseconds left for the next piece; more than 0. */
  get leftMs(): number {
    return Math.max(1, this.#stallMs - this.#waitedMs)
  }

  /** @param waitedMs for the piece alone, not what its user took afterwards */
  add(bytes: number, waitedMs: number): void {
    this.#moved += bytes
    this.#waitedMs += waitedMs
    if (this.#moved < this.#bytes) return
    this.#moved = 0
    this.#waitedMs = 0
  }
}

function spell(ms: number): string {
  return ms < 1000 ? `${String(ms)} ms` : `${String(Math.round(ms / 1000))} s`
}
