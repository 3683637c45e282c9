import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from './database.js'
import { isTransient } from './postgres/failure.js'

/** Tries of one transaction, and the longest pause before the second, in milliseconds; it doubles. */
const TRIES_MAX = 5
const PAUSE_MS = 20

/**
 * Does work in one transaction: all of it or nothing. `work` may run more than once, when the database asks for
 * that, so it must have no effect outside of `tx`.
 *
 * SQLite does one at a time (`begin immediate`). In Postgres they run side by side at READ COMMITTED, each statement
 * seeing what was committed before it: a row that is changed is locked, and whoever decides by rows that it does
 * not change takes a lock first (`locks.ts`). SERIALIZABLE would need none, but every transaction on a hot row, such
 * as the counter of a repo that gets a thousand webhooks at once, would fail all others that wait for it; here they
 * queue. What is left to be tried again are deadlocks.
 */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (tries === TRIES_MAX || !isTransient(error)) throw error
      await sleep(Math.random() * PAUSE_MS * 2 ** (tries - 1))
    }
  }
}
