import type { Kysely, Migration } from 'kysely'

/** Builds at fixed times. */
export const crons: Migration = {
  async up(db: Kysely<unknown>) {
    let table = db.schema
      .createTable('crons')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('repo_id', 'integer', (c) =>
        c.notNull().references('repos.id').onDelete('cascade'),
      )
    for (const name of ['name', 'expr', 'timezone', 'branch', 'target'] as const) {
      table = table.addColumn(name, 'text', (c) => c.notNull())
    }
    for (const name of ['disabled', 'version', 'last_build'] as const) {
      table = table.addColumn(name, 'integer', (c) => c.notNull().defaultTo(0))
    }
    for (const name of ['next', 'prev', 'created', 'updated'] as const) {
      table = table.addColumn(name, 'bigint', (c) => c.notNull())
    }
    await table.execute()
    await db.schema
      .createIndex('crons_repo_name')
      .unique()
      .on('crons')
      .columns(['repo_id', 'name'])
      .execute()
    await db.schema.createIndex('crons_due').on('crons').columns(['disabled', 'next']).execute()
  },
}
