import { sql } from 'kysely'
import type { Insertable, RawBuilder, Selectable, SqlBool, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { BuildTable } from './schema.js'
import { noteStatus } from './statuses.js'

export type BuildRow = Selectable<BuildTable>

/** Adds a build, of which its forge hears. */
export async function insertBuild(db: Db, build: Insertable<BuildTable>): Promise<BuildRow> {
  const row = await db.insertInto('builds').values(build).returningAll().executeTakeFirstOrThrow()
  await noteStatus(db, row.id, row.created)
  return row
}

/** The build with that id, or null. */
export async function findBuildById(db: Db, id: number): Promise<BuildRow | null> {
  const query = db.selectFrom('builds').selectAll().where('id', '=', id)
  return (await query.executeTakeFirst()) ?? null
}

/** The repo's build of that number, or null. */
export async function findBuild(db: Db, repoId: number, number: number): Promise<BuildRow | null> {
  const query = db.selectFrom('builds').selectAll().where('repo_id', '=', repoId)
  return (await query.where('number', '=', number).executeTakeFirst()) ?? null
}

/** The repo's builds of those numbers that are there, oldest first. */
export async function findBuildsByNumber(
  db: Db,
  repoId: number,
  numbers: readonly number[],
): Promise<BuildRow[]> {
  if (numbers.length === 0) return []
  const query = db.selectFrom('builds').selectAll().where('repo_id', '=', repoId)
  return query
    .where('number', 'in', [...numbers])
    .orderBy('number')
    .execute()
}

/** True for a build that waits to be approved. */
export async function isBlocked(db: Db, id: number): Promise<boolean> {
  const query = db.selectFrom('builds').select('id').where('id', '=', id)
  return (await query.where('status', '=', 'blocked').executeTakeFirst()) !== undefined
}

/** The build before this one on the same branch, or null. */
export async function previousBuild(db: Db, build: BuildRow): Promise<BuildRow | null> {
  const query = db.selectFrom('builds').selectAll().where('repo_id', '=', build.repo_id)
  const before = query.where('number', '<', build.number).where('branch', '=', build.branch)
  return (await before.orderBy('number', 'desc').limit(1).executeTakeFirst()) ?? null
}

/** Ids of builds that nobody has compiled yet, oldest first: those after the given one. */
export async function uningestedBuilds(db: Db, limit: number, afterId = 0): Promise<number[]> {
  const rows = await db
    .selectFrom('builds')
    .select('id')
    // As the index has it.
    .where('status', '=', sql.lit('pending'))
    .where('plan_json', 'is', null)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

/** A build that has a plan and has not ended. */
export interface OpenBuild extends Pick<BuildRow, 'id' | 'repo_id'> {
  /** 1 while all that is left of it is queued or runs: then there is nothing to decide about it. */
  readonly is_at_work: number
}

/** Builds that have a plan and have not ended, oldest first: those after the given one. */
export async function openBuilds(db: Db, limit: number, afterId = 0): Promise<OpenBuild[]> {
  const has = (statuses: RawBuilder<unknown>) =>
    sql<SqlBool>`exists (select 1 from stages where build_id = builds.id and stages.status in ${statuses})`
  const isAtWork = sql`${has(sql`('pending', 'running')`)}
    and not ${has(sql`('blocked', 'waiting_on_dependencies')`)}`
  return (
    db
      .selectFrom('builds')
      .select(['id', 'repo_id'])
      .select(sql<number>`case when ${isAtWork} then 1 else 0 end`.as('is_at_work'))
      // As the index has it.
      .where(sql<SqlBool>`status in ('pending', 'running')`)
      .where('plan_json', 'is not', null)
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(limit)
      .execute()
  )
}

/** Changes a build; of a change of its status its forge hears. */
export async function updateBuild(
  db: Db,
  id: number,
  change: Updateable<BuildTable> & { readonly updated: number },
): Promise<void> {
  await db.updateTable('builds').set(change).where('id', '=', id).execute()
  if (change.status !== undefined) await noteStatus(db, id, change.updated)
}
