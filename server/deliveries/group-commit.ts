import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

/** Runs work in one transaction: all of it or nothing. */
export type Transact<Tx> = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>

/** Most members of one group: the ones behind them wait no longer than that takes. */
const MEMBERS_MAX = 64
/** Longest time that a group gathers, in milliseconds. */
const GATHER_MS_MAX = 20

interface Member<Tx> {
  run(tx: Tx): Promise<() => void>
  fail(error: unknown): void
}

/**
 * Lets those who wait at the same time share one transaction, and so one flush to the disk, which is what a commit of
 * SQLite costs. Each is answered after the commit. When a member fails, all is undone and each is done alone, so
 * that nobody fails for another; work may run twice for that, and must have no effect outside of its transaction.
 */
export class GroupCommit<Tx> {
  readonly #transact: Transact<Tx>
  readonly #waiting: Member<Tx>[] = []
  #isAtWork = false
  #lastEnd = -Infinity
  #lastMs = 0

  constructor(transact: Transact<Tx>) {
    this.#transact = transact
  }

  /** Does the work in a transaction, with others perhaps; resolves when it is committed. */
  do<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        run: async (tx) => {
          const result = await work(tx)
          return () => resolve(result)
        },
        fail: reject,
      })
      if (this.#isAtWork) return
      this.#isAtWork = true
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather()
      const began = performance.now()
      await this.#together(this.#next())
      this.#lastEnd = performance.now()
      this.#lastMs = this.#lastEnd - began
    }
    this.#isAtWork = false
  }

  /**
   * Lets others come along: at least those who have arrived by now, and after a commit so many as arrive in the time
   * that it took. A commit of SQLite holds up the whole process; this way half of the time is left to it.
   */
  async #gather(): Promise<void> {
    const since = performance.now() - this.#lastEnd
    const pause = Math.min(this.#lastMs, GATHER_MS_MAX) - since
    await (pause > 1 ? sleep(pause) : setImmediate())
  }

  #next(): Member<Tx>[] {
    return this.#waiting.splice(0, MEMBERS_MAX)
  }

  async #together(group: readonly Member<Tx>[]): Promise<void> {
    try {
      const answers = await this.#transact(async (tx) => {
        const done: (() => void)[] = []
        for (const member of group) done.push(await member.run(tx))
        return done
      })
      for (const answer of answers) answer()
    } catch (error) {
      if (group.length === 1) group[0]?.fail(error)
      else for (const member of group) await this.#together([member])
    }
  }
}
