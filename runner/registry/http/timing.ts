import { setTimeout as delay } from 'node:timers/promises'

/** Clock, waits and chance. */
export interface Timing {
  /** Milliseconds since 1970. */
  now(): number
  /** Rejects with the signal's reason when that is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
  /** From 0 to just below 1. */
  random(): number
}

export const REAL_TIMING: Timing = {
  now: () => Date.now(),
  wait: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
  random: () => Math.random(),
}
