import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** Warnings of builds; where a stage is queued, whom it takes turns with, and why it was cancelled. */
export const turnsAndWarnings: Migration = {
  async up(db: Kysely<unknown>) {
    await addText(db, 'builds', 'warnings_json', '[]')
    for (const name of ['queue', 'variant', 'os_version', 'concurrency_group', 'cancel_reason']) {
      await addText(db, 'stages', name, '')
    }
    await addText(db, 'stages', 'labels_json', '{}')
    await addInteger(db, 'stages', 'concurrency_limit')
    await addInteger(db, 'stages', 'cancel_previous')
    // As the queues were named until now.
    await sql`update stages set queue = 'stage-' || os || '-' || arch`.execute(db)
    const reason = 'the build was cancelled'
    await sql`update stages set cancel_reason = ${reason} where cancel_requested = 1`.execute(db)
    await db.schema
      .createIndex('stages_concurrency')
      .on('stages')
      .columns(['repo_id', 'concurrency_group', 'status'])
      .where(sql.ref('concurrency_group'), '!=', sql.lit(''))
      .execute()
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

async function addInteger(db: Kysely<unknown>, table: string, name: string): Promise<void> {
  const add = db.schema.alterTable(table)
  await add.addColumn(name, 'integer', (column) => column.notNull().defaultTo(0)).execute()
}
