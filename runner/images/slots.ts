interface Line {
  free: number
  readonly waiting: (() => void)[]
}

/**
 * Lets so much work of one owner go on at once; the rest waits in the order in which it came. Owners do not wait
 * for each other: one may have work that never ends.
 */
export class Slots {
  readonly #count: number
  readonly #lines = new Map<object, Line>()

  constructor(count: number) {
    this.#count = count
  }

  async run<T>(owner: object, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(owner) ?? { free: this.#count, waiting: [] }
    this.#lines.set(owner, line)
    if (line.free > 0) line.free -= 1
    else await new Promise<void>((resolve) => line.waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = line.waiting.shift()
      if (next === undefined) line.free += 1
      else next()
      if (line.free === this.#count) this.#lines.delete(owner)
    }
  }
}
