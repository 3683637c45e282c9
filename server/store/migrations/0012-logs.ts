import { sql } from 'kysely'
import type { ColumnDefinitionBuilder, Kysely, Migration } from 'kysely'
import { isPostgres } from './columns.js'

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()
const zero = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  column.notNull().defaultTo(0)

/** Logs as blobs, logs that grow in the database, and work that one server at a time does. */
export const logs: Migration = {
  async up(db: Kysely<unknown>) {
    await createStepLogs(db)
    await createSegments(db)
    await db.schema
      .createTable('claims')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', required)
      .addColumn('until', 'bigint', required)
      .execute()
    await knowOlderLogs(db)
    // For the newest build of each branch, which is always kept.
    const refs = db.schema.createIndex('builds_repo_ref').on('builds')
    await refs.columns(['repo_id', 'ref', 'number']).execute()
  },
}

async function createStepLogs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('step_logs')
    .addColumn('stage_id', 'integer', required)
    .addColumn('attempt', 'integer', required)
    .addColumn('step', 'integer', required)
    .addColumn('repo_id', 'integer', required)
    .addColumn('bytes', 'bigint', required)
    .addColumn('sha256', 'text', required)
    .addColumn('finished', 'bigint', required)
    .addColumn('archived', 'integer', zero)
    .addColumn('blob_key', 'text', (column) => column.notNull().defaultTo(''))
    .addColumn('blob_bytes', 'bigint', zero)
    .addColumn('index_json', 'text')
    .addColumn('claimed_until', 'bigint', zero)
    .addColumn('removed', 'bigint', zero)
    .addPrimaryKeyConstraint('step_logs_key', ['stage_id', 'attempt', 'step'])
    .execute()
  const unfinished = db.schema.createIndex('step_logs_archived').on('step_logs')
  await unfinished.columns(['archived', 'finished']).execute()
  const oldest = db.schema.createIndex('step_logs_repo').on('step_logs')
  await oldest.columns(['repo_id', 'removed', 'finished']).execute()
}

async function createSegments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('log_segments')
    .addColumn('stage_id', 'integer', required)
    .addColumn('attempt', 'integer', required)
    .addColumn('step', 'integer', required)
    .addColumn('position', 'bigint', required)
    .addColumn('bytes', 'integer', required)
    .addColumn('data', isPostgres(db) ? sql`bytea` : sql`blob`, required)
    .addPrimaryKeyConstraint('log_segments_key', ['stage_id', 'attempt', 'step', 'position'])
    .execute()
}

/** What was complete before counts for what a repo may keep, too. */
async function knowOlderLogs(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into step_logs (stage_id, attempt, step, repo_id, bytes, sha256, finished)
    select stages.id, stages.attempt, steps.number, stages.repo_id, steps.log_bytes, steps.log_sha256, steps.stopped
    from steps join stages on stages.id = steps.stage_id
    where steps.log_bytes > 0 and steps.log_sha256 <> '' and steps.stopped > 0
  `.execute(db)
}
