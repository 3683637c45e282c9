import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'

/** A part that takes longer to end is left behind: a stop must end. */
const CLOSE_WITHIN_MS = 15_000

/** What has to be ended when the server ends, in the opposite order of its making. */
export class Closers {
  readonly #steps: { readonly name: string; readonly close: () => unknown }[] = []
  readonly #logger: Logger
  #closing: Promise<void> | undefined

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Notes how to end something, and gives it back. */
  add<T>(name: string, thing: T, close: (thing: T) => unknown): T {
    this.#steps.push({ name, close: () => close(thing) })
    return thing
  }

  /** Ends everything, once. A part that fails to end does not keep the others from it. */
  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll())
  }

  async #closeAll(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await withDeadline(Promise.resolve(step.close()))
      } catch (error) {
        this.#logger.error({ err: error, part: step.name }, 'could not be closed')
      }
    }
  }
}

async function withDeadline(work: Promise<unknown>): Promise<void> {
  const deadline = new AbortController()
  const late = sleep(CLOSE_WITHIN_MS, 'late', { signal: deadline.signal, ref: false })
  const result = await Promise.race([work, late.catch(() => undefined)]).finally(() =>
    deadline.abort(),
  )
  if (result === 'late') throw new Error(`not ended after ${CLOSE_WITHIN_MS} ms`)
}
