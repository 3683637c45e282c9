import type { Kysely, Migration } from 'kysely'

/** How steps came to use what they used: large, and seldom asked for, so in a table of its own. */
export const stepUsage: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('step_usage')
      .addColumn('stage_id', 'integer', (c) =>
        c.notNull().references('stages.id').onDelete('cascade'),
      )
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('series_json', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('step_usage_key', ['stage_id', 'number'])
      .execute()
  },
}
