import { SandpiperError } from '../../protocol/errors.js'

/** Searches at once on one server: each computes for up to half a second, on the thread that all share. */
export const SEARCHES_MAX = 2
/** Searches that wait for their turn. */
export const WAITING_MAX = 32

/** Lets so many searches go on at once; others wait in a line, which has an end too. */
export class SearchLine {
  readonly #waiting = new Set<() => void>()
  #underWay = 0

  /**
   * Does the work when it is its turn. `gone` is aborted when nobody waits for it any more: then it leaves the line.
   * @throws SandpiperError SP_LOG_BUSY when the line is full, or the signal was aborted
   */
  async do<T>(gone: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= SEARCHES_MAX) await this.#turn(gone)
    else this.#underWay += 1
    try {
      if (gone.aborted) throw left()
      return await work()
    } finally {
      this.#next()
    }
  }

  #turn(gone: AbortSignal): Promise<void> {
    if (this.#waiting.size >= WAITING_MAX) throw busy()
    return new Promise((resolve, reject) => {
      const go = (): void => {
        gone.removeEventListener('abort', leave)
        this.#waiting.delete(go)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.delete(go)
        reject(left())
      }
      this.#waiting.add(go)
      gone.addEventListener('abort', leave, { once: true })
      if (gone.aborted) leave()
    })
  }

  /** The place goes from hand to hand, so that nobody who comes now takes it from those who wait. */
  #next(): void {
    const [go] = this.#waiting
    if (go === undefined) this.#underWay -= 1
    else go()
  }
}

function left(): SandpiperError {
  return new SandpiperError('SP_LOG_BUSY', 'The server ends, or nobody waits for the search.', {
    hint: 'Try again in a few seconds.',
  })
}

function busy(): SandpiperError {
  const searches = `${SEARCHES_MAX} searches of logs are under way and ${WAITING_MAX} wait`
  return new SandpiperError('SP_LOG_BUSY', `${searches}: the server takes no more now.`, {
    hint: 'Try again in a few seconds, or load the log and search it where you are.',
  })
}
