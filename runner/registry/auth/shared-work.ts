interface Shared<T> {
  readonly promise: Promise<T>
  readonly controller: AbortController
  waiters: number
}

/** Does what several ask for at once only once; it ends early when nobody waits for it any more. */
export class SharedWork<T> {
  readonly #running = new Map<string, Shared<T>>()

  /** @throws what the work throws, and the signal's reason when that is aborted */
  async run(
    key: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const shared = this.#running.get(key) ?? this.#begin(key, work)
    shared.waiters += 1
    try {
      return await untilAborted(shared.promise, signal)
    } finally {
      shared.waiters -= 1
      if (shared.waiters === 0) {
        if (this.#running.get(key) === shared) this.#running.delete(key)
        shared.controller.abort()
      }
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const controller = new AbortController()
    const promise = work(controller.signal)
    // Those who wait have it; without them it ends unheard.
    promise.catch(() => undefined)
    const shared = { promise, controller, waiters: 0 }
    this.#running.set(key, shared)
    return shared
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', aborted, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
