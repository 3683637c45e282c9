import { Kysely, SqliteDialect } from 'kysely'
import { migrateToLatest } from './migrate.js'
import type { Database } from './schema.js'
import { makePrivateSqliteFile } from './private-file.js'
import { openSqlite } from './sqlite.js'

/** The database or a transaction on it; the store's functions take either. */
export type Db = Kysely<Database>

/**
 * Opens the database file, makes it (mode 0600) when it is not there, and brings its tables up to date.
 * @throws SandpiperError SP_STORE_MIGRATE
 */
export async function openDatabase(path: string): Promise<Db> {
  await makePrivateSqliteFile(path)
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: openSqlite(path) }) })
  try {
    await migrateToLatest(db)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}
