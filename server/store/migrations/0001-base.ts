import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely, Migration } from 'kysely'
import { idColumn } from './columns.js'

/** Tables of schema.ts as the first release had them. */
export const base: Migration = {
  async up(db: Kysely<unknown>) {
    await createRepos(db)
    await createBuilds(db)
    await createDeliveries(db)
    await createStages(db)
    await createSteps(db)
    await createRunnerSessions(db)
  },
}

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()
const cascade = (column: ColumnDefinitionBuilder, target: string): ColumnDefinitionBuilder =>
  column.notNull().references(target).onDelete('cascade')

type Columns = Readonly<Record<string, 'text' | 'integer' | 'bigint'>>

/** Adds columns that are never null. */
function addColumns<T extends string>(
  table: CreateTableBuilder<T>,
  columns: Columns,
): CreateTableBuilder<T> {
  return Object.entries(columns).reduce<CreateTableBuilder<T>>(
    (builder, [name, type]) => builder.addColumn(name, type, required),
    table,
  )
}

/** The id of a removed stage, which names its logs and its jobs, is never given again. */
function tableWithId(db: Kysely<unknown>, name: string): CreateTableBuilder<string> {
  return idColumn(db.schema.createTable(name))
}

async function uniqueIndex(
  db: Kysely<unknown>,
  name: string,
  table: string,
  columns: readonly string[],
): Promise<void> {
  await db.schema
    .createIndex(name)
    .unique()
    .on(table)
    .columns([...columns])
    .execute()
}

async function createRepos(db: Kysely<unknown>): Promise<void> {
  await addColumns(tableWithId(db, 'repos'), {
    owner: 'text',
    name: 'text',
    clone_url: 'text',
    allow_file_transport: 'integer',
    default_branch: 'text',
    link: 'text',
    private: 'integer',
    hook_secret: 'text',
    active: 'integer',
    counter: 'integer',
    timeout_ms: 'bigint',
    created: 'bigint',
    updated: 'bigint',
  }).execute()
  await uniqueIndex(db, 'repos_owner_name', 'repos', ['owner', 'name'])
}

async function createBuilds(db: Kysely<unknown>): Promise<void> {
  await addColumns(
    tableWithId(db, 'builds').addColumn('repo_id', 'integer', (c) => cascade(c, 'repos.id')),
    {
      number: 'integer',
      parent: 'integer',
      status: 'text',
      error: 'text',
      event_json: 'text',
      event: 'text',
      ref: 'text',
      branch: 'text',
      after: 'text',
      created: 'bigint',
      started: 'bigint',
      finished: 'bigint',
      updated: 'bigint',
    },
  )
    .addColumn('plan_json', 'text')
    .execute()
  await uniqueIndex(db, 'builds_repo_number', 'builds', ['repo_id', 'number'])
  const newest = db.schema.createIndex('builds_repo_newest').on('builds')
  await newest.columns(['repo_id', 'number desc']).execute()
  await db.schema.createIndex('builds_status').on('builds').column('status').execute()
}

async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await addColumns(
    tableWithId(db, 'deliveries').addColumn('repo_id', 'integer', (c) => cascade(c, 'repos.id')),
    {
      forge: 'text',
      delivery_id: 'text',
      body_sha256: 'text',
      event: 'text',
      received: 'bigint',
      reason: 'text',
    },
  )
    .addColumn('build_id', 'integer', (c) => c.references('builds.id').onDelete('set null'))
    .execute()
  await uniqueIndex(db, 'deliveries_id', 'deliveries', ['repo_id', 'forge', 'delivery_id'])
  await uniqueIndex(db, 'deliveries_body', 'deliveries', ['repo_id', 'forge', 'body_sha256'])
}

async function createStages(db: Kysely<unknown>): Promise<void> {
  await addColumns(
    tableWithId(db, 'stages')
      .addColumn('build_id', 'integer', (c) => cascade(c, 'builds.id'))
      .addColumn('repo_id', 'integer', (c) => cascade(c, 'repos.id')),
    {
      number: 'integer',
      name: 'text',
      kind: 'text',
      type: 'text',
      os: 'text',
      arch: 'text',
      status: 'text',
      error: 'text',
      exit_code: 'integer',
      attempt: 'integer',
      session: 'text',
      machine: 'text',
      lease_until: 'bigint',
      cancel_requested: 'integer',
      depends_on_json: 'text',
      on_success: 'integer',
      on_failure: 'integer',
      plan_json: 'text',
      created: 'bigint',
      queued: 'bigint',
      started: 'bigint',
      stopped: 'bigint',
      updated: 'bigint',
    },
  ).execute()
  await uniqueIndex(db, 'stages_build_number', 'stages', ['build_id', 'number'])
  await db.schema.createIndex('stages_status').on('stages').column('status').execute()
}

async function createSteps(db: Kysely<unknown>): Promise<void> {
  await addColumns(
    tableWithId(db, 'steps').addColumn('stage_id', 'integer', (c) => cascade(c, 'stages.id')),
    {
      number: 'integer',
      name: 'text',
      image: 'text',
      status: 'text',
      error: 'text',
      errignore: 'integer',
      exit_code: 'integer',
      detached: 'integer',
      depends_on_json: 'text',
      started: 'bigint',
      stopped: 'bigint',
      log_bytes: 'bigint',
      log_lines: 'bigint',
      log_sha256: 'text',
    },
  )
    .addColumn('usage_json', 'text')
    .execute()
  await uniqueIndex(db, 'steps_stage_number', 'steps', ['stage_id', 'number'])
}

async function createRunnerSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runner_sessions')
    .addColumn('session', 'text', (column) => column.primaryKey())
    .addColumn('machine', 'text', required)
    .addColumn('last_seq', 'bigint', required)
    .addColumn('updated', 'bigint', required)
    .execute()
}
