import type { Kysely, Migration } from 'kysely'
import { sql } from 'kysely'
import { isPostgres } from './columns.js'

/** Which builds take turns, and which of them are newer. */
export const turnDomains: Migration = {
  async up(db: Kysely<unknown>) {
    await addColumn(db, 'builds', 'origin', 'integer', 0)
    await addColumn(db, 'stages', 'build_origin', 'integer', 0)
    await addColumn(db, 'stages', 'supersedes', 'integer', 0)
    await addColumn(db, 'stages', 'concurrency_domain', 'text', '')
    await fillOrigins(db)
    await fillDomains(db)
    // What was to end others has done so when it was stored, until now.
    await sql`update stages set supersedes = cancel_previous`.execute(db)
    await createIndexes(db)
  },
}

/** Pull requests take turns with themselves. No database on Postgres is as old as this. */
async function fillDomains(db: Kysely<unknown>): Promise<void> {
  if (isPostgres(db)) return
  await sql`update stages set concurrency_domain = (
    select 'pr:' || ref || ':' || coalesce(json_extract(event_json, '$.sourceRepo'), '')
    from builds where builds.id = stages.build_id
  ) where build_id in (select id from builds where event like 'pull\\_request%' escape '\\')
  `.execute(db)
}

/** A restart comes after what it restarts. */
async function fillOrigins(db: Kysely<unknown>): Promise<void> {
  await sql`update builds set origin = number`.execute(db)
  const restarts = sql<{ id: number }>`select id from builds where parent != 0 order by id`
  for (const { id } of (await restarts.execute(db)).rows) {
    await sql`update builds set origin = coalesce((select p.origin from builds p
      where p.repo_id = builds.repo_id and p.number = builds.parent), number)
      where id = ${id}`.execute(db)
  }
  await sql`update stages set build_origin =
    (select origin from builds where builds.id = stages.build_id)`.execute(db)
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('stages_concurrency').execute()
  const group = ['repo_id', 'concurrency_group', 'concurrency_domain'] as const
  await db.schema
    .createIndex('stages_turns')
    .on('stages')
    .columns([...group, 'status', 'concurrency_limit'])
    .where(sql.ref('concurrency_group'), '!=', sql.lit(''))
    .execute()
  await db.schema
    .createIndex('stages_superseding')
    .on('stages')
    .columns([...group, 'build_id'])
    .where(sql.ref('supersedes'), '=', sql.lit(1))
    .execute()
}

async function addColumn(
  db: Kysely<unknown>,
  table: string,
  name: string,
  type: 'integer' | 'text',
  value: number | string,
): Promise<void> {
  const add = db.schema.alterTable(table)
  await add.addColumn(name, type, (column) => column.notNull().defaultTo(value)).execute()
}
