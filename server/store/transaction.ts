import type { Db } from './database.js'

/**
 * Does work in one transaction: all of it or nothing. `work` may run more than once, when the database asks for
 * that, so it must have no effect outside of `tx`.
 */
export function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction().execute(work)
}
