import type { Kysely, Migration } from 'kysely'
import { idColumn } from './columns.js'

/** What forges are told about commits, and what they have been told. */
export const statuses: Migration = {
  async up(db: Kysely<unknown>) {
    await idColumn(db.schema.createTable('statuses'))
      .addColumn('repo_id', 'integer', (c) =>
        c.notNull().references('repos.id').onDelete('cascade'),
      )
      .addColumn('commit_sha', 'text', (c) => c.notNull())
      .addColumn('context', 'text', (c) => c.notNull())
      .addColumn('build_id', 'integer', (c) =>
        c.notNull().references('builds.id').onDelete('cascade'),
      )
      .addColumn('wanted', 'integer', (c) => c.notNull())
      .addColumn('sent', 'integer', (c) => c.notNull())
      .addColumn('due', 'bigint')
      .addColumn('claim', 'text', (c) => c.notNull())
      .addColumn('claimed_until', 'bigint', (c) => c.notNull())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('failing_since', 'bigint', (c) => c.notNull())
      .addColumn('error', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('link', 'text', (c) => c.notNull())
      .addColumn('sent_at', 'bigint', (c) => c.notNull())
      .addColumn('created', 'bigint', (c) => c.notNull())
      .addColumn('updated', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('statuses_key', ['repo_id', 'commit_sha', 'context'])
      .execute()
    await db.schema.createIndex('statuses_due').on('statuses').column('due').execute()
    await db.schema.createIndex('statuses_build').on('statuses').column('build_id').execute()
  },
}
