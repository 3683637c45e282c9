import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** A log of webhooks, deliveries that make several builds or tell of one thing twice, and events for few repos. */
export const deliveries: Migration = {
  async up(db: Kysely<unknown>) {
    await addText(db, 'repos', 'optional_events', '')
    await addText(db, 'deliveries', 'builds_json', '[]')
    await addText(db, 'deliveries', 'event_key', '')
    await sql`update deliveries set builds_json =
      (select '[' || cast(number as text) || ']' from builds where builds.id = deliveries.build_id)
      where build_id in (select id from builds)`.execute(db)
    await db.schema
      .createIndex('deliveries_event_key')
      .on('deliveries')
      .columns(['repo_id', 'event_key'])
      .where(sql.ref('event_key'), '!=', sql.lit(''))
      .execute()
    await createLog(db)
  },
}

async function addText(
  db: Kysely<unknown>,
  table: string,
  name: string,
  value: string,
): Promise<void> {
  const add = db.schema.alterTable(table)
  await add.addColumn(name, 'text', (column) => column.notNull().defaultTo(value)).execute()
}

async function createLog(db: Kysely<unknown>): Promise<void> {
  const text = ['forge', 'delivery_id', 'event', 'outcome', 'reason', 'builds_json']
  const texts = [...text, 'requested_by', 'headers_json']
  let table = db.schema
    .createTable('delivery_log')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('repo_id', 'integer', (column) =>
      column.notNull().references('repos.id').onDelete('cascade'),
    )
    .addColumn('received', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text')
  for (const name of texts) table = table.addColumn(name, 'text', (column) => column.notNull())
  for (const name of ['took_ms', 'status', 'original', 'body_bytes']) {
    table = table.addColumn(name, 'integer', (column) => column.notNull())
  }
  await table.execute()
  await db.schema
    .createIndex('delivery_log_repo')
    .on('delivery_log')
    .columns(['repo_id', 'id'])
    .execute()
}
