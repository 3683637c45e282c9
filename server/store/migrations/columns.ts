import type { CreateTableBuilder, Kysely } from 'kysely'
import { PostgresAdapter } from 'kysely'

/**
 * Adds the id of a table: `idColumn(db.schema.createTable('things')).addColumn(...)`. Ids are never given again, not
 * even that of a removed row: SQLite's `autoincrement`, an identity column in Postgres (`postgres-compiler.ts`).
 */
export function idColumn<T extends string>(
  table: CreateTableBuilder<T>,
): CreateTableBuilder<T | 'id'> {
  return table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
}

/** True when the migration runs on Postgres; for the rare statement that is not the same on both. */
export function isPostgres<T>(db: Kysely<T>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
