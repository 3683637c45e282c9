import type { Logger } from 'pino'
import { messageOf } from '../../protocol/errors.js'
import type { LogRef } from '../logs/log-store.js'
import type { Observe } from '../metrics/observation.js'
import type { Downlink } from '../uplink/downlink.js'
import type { Effects } from './effects.js'
import type { Enqueuer } from './enqueuer.js'
import type { StageQueues } from './stage-queues.js'

export interface LogListener {
  notify(ref: LogRef): void
}

/** Carries out what a committed transaction asked for. */
export class Dispatcher {
  readonly #downlink: Downlink
  readonly #enqueuer: Enqueuer
  readonly #queues: StageQueues
  readonly #watcher: LogListener
  readonly #observe: Observe
  readonly #onLeft: () => void
  readonly #logger: Logger
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: {
    readonly downlink: Downlink
    readonly enqueuer: Enqueuer
    readonly queues: StageQueues
    /** Hears of logs that have grown. */
    readonly watcher: LogListener
    readonly observe?: Observe
    /** Called when something was left to the reconciler. Default: nobody is told. */
    readonly onLeft?: () => void
    readonly logger: Logger
  }) {
    this.#downlink = options.downlink
    this.#enqueuer = options.enqueuer
    this.#queues = options.queues
    this.#watcher = options.watcher
    this.#observe = options.observe ?? (() => undefined)
    this.#onLeft = options.onLeft ?? (() => undefined)
    this.#logger = options.logger
  }

  /**
   * Does it in the background, as well as it goes: what Redis does not take now, the reconciler and
   * the answer to the runner's next heartbeat make up for.
   */
  dispatch(effects: Effects): void {
    this.background(() => this.#sendCancels(effects))
    this.finish(effects)
  }

  /** The same, but for the messages to runners, which the caller has sent. */
  finish(effects: Effects): void {
    for (const observation of effects.observed) this.#observe(observation)
    for (const ref of effects.logs) this.#notify(ref)
    this.background(async () => {
      for (const attempt of effects.unqueue) await this.#queues.remove(attempt)
    })
    for (const id of effects.builds) this.background(() => this.#enqueuer.enqueueBuild(id))
  }

  /** Runs work that needs Redis and that nobody waits for; its failure is only noted. */
  background(work: () => Promise<unknown>): void {
    const task = work()
      .catch((error: unknown) => {
        this.#onLeft()
        this.#logger.debug({ reason: messageOf(error) }, 'left to the reconciler')
      })
      .then(() => undefined)
      .finally(() => this.#underWay.delete(task))
    this.#underWay.add(task)
  }

  /** Waits for what is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #sendCancels(effects: Effects): Promise<void> {
    for (const { session, cancel } of effects.cancels) await this.#downlink.cancel(session, cancel)
  }

  #notify(ref: Effects['logs'][number]): void {
    try {
      this.#watcher.notify(ref)
    } catch (error) {
      this.#logger.error({ err: error }, 'a log listener failed')
    }
  }
}
