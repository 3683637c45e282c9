import type { Db } from '../store/database.js'
import type { PendingStage } from '../store/stages.js'
import { pendingStages } from '../store/stages.js'
import type { Enqueuer } from './enqueuer.js'

/** Stages asked about at once, and in one round while nothing is known to be lost. */
const PAGE_SIZE = 100
const PART_MAX = 500

export interface BacklogOptions {
  readonly db: Db
  readonly enqueuer: Pick<Enqueuer, 'enqueue'>
  /** Called before each page, to let others go first. Default: nobody is waited for. */
  readonly pause?: () => Promise<void>
  /** Default: 100. */
  readonly pageSize?: number
  /** Stages looked at by one call of `some`. Default: 500. */
  readonly partMax?: number
}

/**
 * Walks through the stages that wait for a runner, the one that was queued first at the beginning, and puts those on
 * their queue that are not there.
 */
export class Backlog {
  readonly #options: Required<BacklogOptions>
  /** The stage that the last part ended with. */
  #last: PendingStage | undefined

  constructor(options: BacklogOptions) {
    const pause = (): Promise<void> => Promise.resolve()
    this.#options = { pause, pageSize: PAGE_SIZE, partMax: PART_MAX, ...options }
  }

  /** Looks at every stage. Returns how many were not queued. */
  async all(): Promise<number> {
    return (await this.#walk(undefined, Infinity)).missing
  }

  /** Looks at a bounded part, which begins where the one before ended. Returns how many were not queued. */
  async some(): Promise<number> {
    const { missing, last } = await this.#walk(this.#last, this.#options.partMax)
    this.#last = last
    return missing
  }

  /** `last` is undefined when the end was reached. */
  async #walk(after: PendingStage | undefined, max: number) {
    const { db, enqueuer, pause, pageSize } = this.#options
    let missing = 0
    let last = after
    for (let left = max; left > 0;) {
      await pause()
      const limit = Math.min(left, pageSize)
      const page = await pendingStages(db, limit, last === undefined ? {} : { after: last })
      missing += await enqueuer.enqueue(page)
      last = page.at(-1)
      left -= page.length
      if (page.length < limit) return { missing, last: undefined }
    }
    return { missing, last }
  }
}
