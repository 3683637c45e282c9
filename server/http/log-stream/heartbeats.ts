/** Somebody who must hear something now and then. */
export interface Heard {
  /** When something was sent last, by `performance.now()`. */
  readonly heardAt: number
  beat(): void
}

/** Heartbeats for everybody, by one timer that runs while there is anybody. */
export class Heartbeats {
  readonly #everyMs: number
  readonly #members = new Set<Heard>()
  #timer: NodeJS.Timeout | null = null

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  add(member: Heard): void {
    this.#members.add(member)
    // Looked at four times as often, so that nobody waits much longer than that time.
    this.#timer ??= setInterval(() => this.#look(), Math.max(1, this.#everyMs / 4)).unref()
  }

  remove(member: Heard): void {
    this.#members.delete(member)
    if (this.#members.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    const before = performance.now() - this.#everyMs
    for (const member of [...this.#members]) if (member.heardAt <= before) member.beat()
  }
}
