import { sql } from 'kysely'
import type { Db } from '../store/database.js'
import { isPostgres } from '../store/migrations/columns.js'
import { continueIds } from '../store/postgres/dialect.js'

/** Rows read or written at a time. */
const PAGE = 500

/** A row of any table, with binary values as `{ "base64": "..." }`. */
export type DumpedRow = Readonly<Record<string, unknown>>

/** Tables that Kysely keeps for itself; which migrations were done is in the backup's manifest. */
const INTERNAL = ['kysely_migration', 'kysely_migration_lock']

/** Names of all tables, those that others refer to first. */
export async function tableNames(db: Db): Promise<string[]> {
  const tables = (await db.introspection.getTables()).map(({ name }) => name)
  const names = tables.filter((name) => !INTERNAL.includes(name) && !name.startsWith('sqlite_'))
  const targets = new Map<string, readonly string[]>()
  for (const name of names) targets.set(name, await referredBy(db, name))
  const ordered: string[] = []
  const visit = (name: string): void => {
    if (ordered.includes(name)) return
    for (const target of targets.get(name) ?? []) if (target !== name) visit(target)
    ordered.push(name)
  }
  for (const name of [...names].sort()) visit(name)
  return ordered
}

async function referredBy(db: Db, table: string): Promise<string[]> {
  const query = isPostgres(db)
    ? sql<{ name: string }>`select cl.relname as name from pg_constraint con
        join pg_class cl on cl.oid = con.confrelid join pg_class own on own.oid = con.conrelid
        join pg_namespace ns on ns.oid = own.relnamespace
        where con.contype = 'f' and own.relname = ${table} and ns.nspname = current_schema()`
    : sql<{ name: string }>`select "table" as name from pragma_foreign_key_list(${table})`
  return (await query.execute(db)).rows.map(({ name }) => name)
}

/** Rows of a table, in the order of its key. Call it in a `snapshot`, and all tables are of one moment. */
export async function* readTable(db: Db, table: string): AsyncGenerator<DumpedRow> {
  const key = await keyOf(db, table)
  const order = sql.join(key.map((column) => sql.ref(column)))
  let after: readonly unknown[] | null = null
  for (;;) {
    const beyond: ReturnType<typeof sql> =
      after === null ? sql`` : sql`where (${order}) > (${sql.join(after)})`
    const query = sql<
      Record<string, unknown>
    >`select * from ${sql.table(table)} ${beyond} order by ${order} limit ${sql.lit(PAGE)}`
    const { rows } = await query.execute(db)
    for (const row of rows) yield encode(row)
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    after = key.map((column) => last[column])
  }
}

async function keyOf(db: Db, table: string): Promise<string[]> {
  const query = isPostgres(db)
    ? sql<{ name: string }>`select a.attname as name from pg_index i
        join pg_class c on c.oid = i.indrelid join pg_namespace ns on ns.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indisprimary and c.relname = ${table} and ns.nspname = current_schema()
        order by array_position(i.indkey::int2[], a.attnum)`
    : sql<{ name: string }>`select name from pragma_table_info(${table}) where pk > 0 order by pk`
  const names = (await query.execute(db)).rows.map(({ name }) => name)
  if (names.length === 0) throw new Error(`table ${table} has no primary key`)
  return names
}

/** Does work on the database as it is at one moment, while others go on writing. */
export async function snapshot<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  if (!isPostgres(db)) return db.transaction().execute(work)
  const transaction = db.transaction().setIsolationLevel('repeatable read')
  return transaction.setAccessMode('read only').execute(work)
}

/** Writes rows of a table, which bring their ids. Call it in a transaction. */
export async function writeRows(tx: Db, table: string, rows: readonly DumpedRow[]): Promise<void> {
  for (const row of rows) {
    const decoded = decode(row)
    const columns = sql.join(Object.keys(decoded).map((name) => sql.ref(name)))
    await sql`insert into ${sql.table(table)} (${columns}) values (${sql.join(Object.values(decoded))})`.execute(
      tx,
    )
  }
}

/** Makes new rows get ids behind those that were written. */
export async function finishTable(tx: Db, table: string): Promise<void> {
  if (!isPostgres(tx)) return
  const identity = sql<{ found: boolean }>`select exists (select 1 from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} and column_name = 'id' and is_identity = 'YES') as found`
  if ((await identity.execute(tx)).rows[0]?.found === true) await continueIds(tx, table)
}

function encode(row: Record<string, unknown>): DumpedRow {
  const pairs = Object.entries(row).map(([name, value]): [string, unknown] =>
    value instanceof Uint8Array
      ? [name, { base64: Buffer.from(value).toString('base64') }]
      : [name, value],
  )
  return Object.fromEntries(pairs)
}

function decode(row: DumpedRow): Record<string, unknown> {
  const pairs = Object.entries(row).map(([name, value]): [string, unknown] =>
    typeof value === 'object' && value !== null
      ? [name, Buffer.from((value as { readonly base64: string }).base64, 'base64')]
      : [name, value],
  )
  return Object.fromEntries(pairs)
}
