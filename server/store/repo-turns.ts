import type { Db } from './database.js'
import type { StageRow } from './stages.js'
import type { TurnGroup } from './turns.js'

/** Stages let go on in one transaction, where there is no other limit. */
const ROWS_MAX = 1_000

/** How many stages of the repo may be queued or run at once; 0: any number. */
export async function runningMaxOf(db: Db, repoId: number): Promise<number> {
  const query = db.selectFrom('repos').select('running_max').where('id', '=', repoId)
  return (await query.executeTakeFirst())?.running_max ?? 0
}

/** How many stages of the repo are queued or run. */
export async function activeStages(db: Db, repoId: number): Promise<number> {
  const row = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('repo_id', '=', repoId)
    .where('status', 'in', ['pending', 'running'])
    .executeTakeFirst()
  return row?.count ?? 0
}

/** Stages of the repo that are due and in no group, in the order in which they may go on. */
export async function waitingForRepo(
  db: Db,
  repoId: number,
  count: number,
): Promise<Pick<StageRow, 'id' | 'build_id'>[]> {
  return db
    .selectFrom('stages')
    .select(['id', 'build_id'])
    .where('repo_id', '=', repoId)
    .where('status', '=', 'blocked')
    .where('concurrency_group', '=', '')
    .orderBy('lane')
    .orderBy('build_id')
    .orderBy('number')
    .limit(Math.min(count, ROWS_MAX))
    .execute()
}

/** The groups of the repo that have stages which are due. */
export async function blockedGroups(db: Db, repoId: number): Promise<TurnGroup[]> {
  return db
    .selectFrom('stages')
    .select(['repo_id', 'concurrency_group', 'concurrency_domain'])
    .distinct()
    .where('repo_id', '=', repoId)
    .where('status', '=', 'blocked')
    .where('concurrency_group', '!=', '')
    .limit(ROWS_MAX)
    .execute()
}
