import type { Insertable, Selectable } from 'kysely'
import type { Db } from './database.js'
import type { RunnerTable } from './schema/runners.js'

export type RunnerRow = Selectable<RunnerTable>

/** Adds a runner, or brings what is known of it up to date. */
export async function saveRunner(db: Db, runner: Insertable<RunnerTable>): Promise<void> {
  const { session: _session, first_seen: _first, ...change } = runner
  await db
    .insertInto('runners')
    .values(runner)
    .onConflict((conflict) => conflict.column('session').doUpdateSet(change))
    .execute()
}

/** Runners heard of since the given time, by machine. */
export async function runnersSince(db: Db, since: number): Promise<RunnerRow[]> {
  return db
    .selectFrom('runners')
    .selectAll()
    .where('last_seen', '>=', since)
    .orderBy('machine')
    .orderBy('first_seen')
    .execute()
}

/** Forgets runners that were not heard of since the given time. */
export async function forgetRunners(db: Db, before: number): Promise<void> {
  await db.deleteFrom('runners').where('last_seen', '<', before).execute()
}

/** Forgets what the runner of a machine was before it started anew, when that is silent. */
export async function forgetPredecessors(
  db: Db,
  { session, machine, queue }: Pick<RunnerRow, 'session' | 'machine' | 'queue'>,
  silentSince: number,
): Promise<void> {
  await db
    .deleteFrom('runners')
    .where('machine', '=', machine)
    .where('queue', '=', queue)
    .where('session', '!=', session)
    .where('last_seen', '<', silentSince)
    .execute()
}
