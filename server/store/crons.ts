import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { CronTable } from './schema/crons.js'

export type CronRow = Selectable<CronTable>

/** Adds a cron; null when the repo has one of that name. */
export async function insertCron(db: Db, cron: Insertable<CronTable>): Promise<CronRow | null> {
  const row = await db
    .insertInto('crons')
    .values(cron)
    .onConflict((conflict) => conflict.columns(['repo_id', 'name']).doNothing())
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

/** The repo's crons, by name. */
export async function cronsOfRepo(db: Db, repoId: number): Promise<CronRow[]> {
  const query = db.selectFrom('crons').selectAll().where('repo_id', '=', repoId)
  return query.orderBy('name').execute()
}

/** How many crons the repo has. */
export async function countCrons(db: Db, repoId: number): Promise<number> {
  const row = await db
    .selectFrom('crons')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('repo_id', '=', repoId)
    .executeTakeFirst()
  return row?.count ?? 0
}

/** The repo's cron of that name, or null. */
export async function findCron(db: Db, repoId: number, name: string): Promise<CronRow | null> {
  const query = db.selectFrom('crons').selectAll().where('repo_id', '=', repoId)
  return (await query.where('name', '=', name).executeTakeFirst()) ?? null
}

/** Crons that are due, the longest due first. */
export async function dueCrons(db: Db, now: number, limit: number): Promise<CronRow[]> {
  return db
    .selectFrom('crons')
    .selectAll()
    .where('disabled', '=', 0)
    .where('next', '<=', now)
    .orderBy('next')
    .limit(limit)
    .execute()
}

/** Changes a cron. */
export async function updateCron(
  db: Db,
  id: number,
  change: Updateable<CronTable> & { readonly updated: number },
): Promise<CronRow | null> {
  const row = await db
    .updateTable('crons')
    .set((eb) => ({ ...change, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row ?? null
}

/**
 * Takes a tick of a cron for oneself: true for one caller alone, on whatever server, as it is the time that
 * was found due which is replaced.
 */
export async function claimTick(
  db: Db,
  { id, next: due }: CronRow,
  times: { readonly prev: number; readonly next: number },
): Promise<boolean> {
  const result = await db
    .updateTable('crons')
    .set(times)
    .where('id', '=', id)
    .where('next', '=', due)
    .where('disabled', '=', 0)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Notes the build that a tick made. */
export async function setLastBuild(db: Db, id: number, number: number): Promise<void> {
  await db.updateTable('crons').set({ last_build: number }).where('id', '=', id).execute()
}

/** Removes a cron; says whether it was there. */
export async function deleteCron(db: Db, id: number): Promise<boolean> {
  const result = await db.deleteFrom('crons').where('id', '=', id).executeTakeFirst()
  return result.numDeletedRows > 0n
}
