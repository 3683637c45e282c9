import type { RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Db } from './database.js'
import { isPostgres } from './migrations/columns.js'

/** First half of our advisory locks' keys; the second is a repo's, or 0 for all. */
const SCHEDULING = 0x5350
const ALL = 0
/** Repos locked one by one; for more it is all of them. */
const REPOS_MAX = 32
const KEYS = 2 ** 31 - 2

/** The repos whose stages a transaction decides about. */
export type RepoScope = 'all' | readonly number[]

/**
 * Makes the transactions that decide about stages of a repo one after the other, on all servers: whether a build has
 * ended and whose turn it is follows from many rows, of which each transaction changes another. Call it first in the
 * transaction, whose later statements then see all that the one before did. SQLite does one at a time anyway.
 */
export async function lockScheduling(tx: Db, scope: RepoScope): Promise<void> {
  if (!isPostgres(tx)) return
  await sql`select ${sql.join(locksOf(scope))}`.execute(tx)
}

function locksOf(scope: RepoScope): RawBuilder<unknown>[] {
  if (scope === 'all' || scope.length > REPOS_MAX) return [exclusive(ALL)]
  // In one order, so that no two wait for each other.
  const keys = [...new Set(scope.map((id) => 1 + (id % KEYS)))].sort((a, b) => a - b)
  return [
    sql`pg_advisory_xact_lock_shared(${sql.lit(SCHEDULING)}, ${sql.lit(ALL)})`,
    ...keys.map(exclusive),
  ]
}

function exclusive(key: number): RawBuilder<unknown> {
  return sql`pg_advisory_xact_lock(${sql.lit(SCHEDULING)}, ${sql.lit(key)})`
}
