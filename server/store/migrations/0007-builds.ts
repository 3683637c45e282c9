import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'

const BUILD_TEXT = {
  started_by: '@hook',
  sender: '',
  cron: '',
  deploy_to: '',
  source_repo: '',
  title: '',
  approval: '',
  approval_reason: '',
  reviewed_by: '',
  cancelled_by: '',
}

/** Who started, approved and cancelled builds, what they are restarted from, fair turns, and the runners. */
export const buildLife: Migration = {
  async up(db: Kysely<unknown>) {
    await addColumns(db, 'builds', 'text', BUILD_TEXT)
    await addColumns(db, 'builds', 'integer', { deploy_id: 0, pull_request: 0 })
    await addColumns(db, 'builds', 'bigint', { reviewed: 0 })
    await db.schema.alterTable('builds').addColumn('keep_json', 'text').execute()
    await addColumns(db, 'stages', 'integer', { copied_from: 0, lane: 1, share: 0 })
    await addColumns(db, 'repos', 'integer', { deploy_counter: 0 })
    await createIndexes(db)
    await createRunners(db)
  },
}

async function addColumns(
  db: Kysely<unknown>,
  table: string,
  type: 'text' | 'integer' | 'bigint',
  columns: Readonly<Record<string, string | number>>,
): Promise<void> {
  for (const [name, value] of Object.entries(columns)) {
    const add = db.schema.alterTable(table)
    await add.addColumn(name, type, (column) => column.notNull().defaultTo(value)).execute()
  }
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('builds_repo_branch')
    .on('builds')
    .columns(['repo_id', 'branch', 'number'])
    .execute()
  // The words of the condition are those of `OPEN` in store/open-builds.ts, or it is not used.
  await sql`create index builds_open on builds (repo_id, event, ref)
    where status in ('pending', 'blocked', 'running')`.execute(db)
  for (const [name, columns] of [
    ['stages_repo_status', ['repo_id', 'status']],
    // The least of what waits, the most of all, and the most of a repo's: each is one look.
    ['stages_waiting_share', ['status', 'queue', 'share']],
    ['stages_queue_share', ['queue', 'share']],
    ['stages_repo_share', ['repo_id', 'queue', 'lane', 'share']],
  ] as const) {
    await db.schema
      .createIndex(name)
      .on('stages')
      .columns([...columns])
      .execute()
  }
}

async function createRunners(db: Kysely<unknown>): Promise<void> {
  const text = ['machine', 'queue', 'os', 'arch', 'variant', 'os_version', 'labels_json', 'version']
  let table = db.schema.createTable('runners').addColumn('session', 'text', (c) => c.primaryKey())
  for (const name of text) table = table.addColumn(name, 'text', (c) => c.notNull())
  for (const name of ['capacity', 'running']) {
    table = table.addColumn(name, 'integer', (c) => c.notNull())
  }
  for (const name of ['first_seen', 'last_seen']) {
    table = table.addColumn(name, 'bigint', (c) => c.notNull())
  }
  await table.execute()
  await db.schema.createIndex('runners_last_seen').on('runners').column('last_seen').execute()
}
