import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

/** What all servers on the database have in common, and indexes for a million builds. */
export const servers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('installation')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('key_check', 'text', (column) => column.notNull())
      .execute()
    // The words of the conditions are those of the queries, or they are not used.
    await sql`create index builds_to_ingest on builds (id)
      where status = 'pending' and plan_json is null`.execute(db)
    await sql`create index builds_to_advance on builds (id)
      where status in ('pending', 'running') and plan_json is not null`.execute(db)
    await sql`create index stages_pending on stages (queued, id) where status = 'pending'`.execute(
      db,
    )
    await sql`create index stages_leases on stages (lease_until) where status = 'running'`.execute(
      db,
    )
    // What goes when a repo or a build does.
    await db.schema.createIndex('stages_repo').on('stages').column('repo_id').execute()
    await db.schema.createIndex('deliveries_build').on('deliveries').column('build_id').execute()
  },
}
