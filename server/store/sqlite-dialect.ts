import { SqliteAdapter, SqliteDialect } from 'kysely'
import { openSqlite } from './sqlite.js'

/** Kysely's SQLite dialect on a file. */
export function sqliteDialect(path: string): SqliteDialect {
  return new Dialect({ database: openSqlite(path) })
}

class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }
}

/** SQLite can undo changes of tables, which Kysely does not ask of it by itself; so migrations are all or nothing. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}
