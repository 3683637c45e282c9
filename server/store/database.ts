import { Kysely } from 'kysely'
import type { DatabaseAddress, PostgresAddress } from './address.js'
import { migrateToLatest } from './migrate.js'
import { postgresDialect } from './postgres/dialect.js'
import { openPool } from './postgres/pool.js'
import type { Database } from './schema.js'
import { makePrivateSqliteFile } from './private-file.js'
import { sqliteDialect } from './sqlite-dialect.js'

/** The database or a transaction on it; the store's functions take either. */
export type Db = Kysely<Database>

const CONNECTIONS_MAX = 10
/** No statement of ours takes a second; one that does this long holds up everybody else. */
const STATEMENT_MS = 20_000

/**
 * Opens the database and brings its tables up to date. A file is made (mode 0600) when it is not there.
 * @throws SandpiperError SP_STORE_MIGRATE, SP_STORE_UNAVAILABLE
 */
export async function openDatabase(address: DatabaseAddress): Promise<Db> {
  return 'url' in address ? openPostgres(address) : openFile(address.path)
}

async function openFile(path: string): Promise<Db> {
  await makePrivateSqliteFile(path)
  const db = new Kysely<Database>({ dialect: sqliteDialect(path) })
  return migrated(db)
}

async function openPostgres(address: PostgresAddress): Promise<Db> {
  // Bringing large tables up to date takes the time that it takes.
  await (await migrated(connect(address, { connectionsMax: 1, statementMs: 0 }))).destroy()
  const { connectionsMax = CONNECTIONS_MAX } = address
  return connect(address, { connectionsMax, statementMs: STATEMENT_MS })
}

/** Opens a database as it is, for whoever copies it. A file that is not there is made. */
export async function connectAsIs(address: DatabaseAddress): Promise<Db> {
  if ('url' in address) return connect(address, { connectionsMax: 1, statementMs: 0 })
  await makePrivateSqliteFile(address.path)
  return new Kysely<Database>({ dialect: sqliteDialect(address.path) })
}

function connect(
  { url, password }: PostgresAddress,
  bounds: { readonly connectionsMax: number; readonly statementMs: number },
): Db {
  const pool = openPool({ url, ...(password === undefined ? {} : { password }), ...bounds })
  return new Kysely<Database>({ dialect: postgresDialect(pool) })
}

async function migrated(db: Db): Promise<Db> {
  try {
    await migrateToLatest(db)
    return db
  } catch (error) {
    await db.destroy()
    throw error
  }
}
