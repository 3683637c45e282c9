import { sql } from 'kysely'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { StageTable } from './schema.js'

export type StageRow = Selectable<StageTable>

/** All but the plan, which can be large. */
export const STATUS_COLUMNS = [
  ...['id', 'build_id', 'repo_id', 'number', 'name', 'kind', 'type', 'status', 'error'],
  ...['os', 'arch', 'variant', 'os_version', 'labels_json', 'queue', 'exit_code', 'attempt'],
  ...['session', 'machine', 'lease_until', 'cancel_requested', 'cancel_reason'],
  ...['concurrency_group', 'concurrency_domain', 'concurrency_limit', 'cancel_previous'],
  ...['supersedes', 'build_origin', 'copied_from', 'lane', 'share', 'depends_on_json'],
  ...['on_success', 'on_failure', 'created', 'queued', 'started', 'stopped', 'updated'],
] as const satisfies readonly (keyof StageRow)[]

/** Adds a stage. */
export async function insertStage(db: Db, stage: Insertable<StageTable>): Promise<StageRow> {
  return db.insertInto('stages').values(stage).returningAll().executeTakeFirstOrThrow()
}

/** The stage with that id, or null. */
export async function findStageById(db: Db, id: number): Promise<StageRow | null> {
  const query = db.selectFrom('stages').selectAll().where('id', '=', id)
  return (await query.executeTakeFirst()) ?? null
}

/** Those of the stages that exist, by id. */
export async function findStagesById(
  db: Db,
  ids: readonly number[],
): Promise<ReadonlyMap<number, StageRow>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('stages').selectAll().where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/** Ids of the repos that the stages are of. */
export async function reposOfStages(db: Db, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const query = db.selectFrom('stages').select('repo_id').distinct().where('id', 'in', ids)
  return (await query.execute()).map((row) => row.repo_id)
}

/** The build's stages in the order of the file. */
export async function stagesOfBuild(db: Db, buildId: number): Promise<StageRow[]> {
  const query = db.selectFrom('stages').selectAll().where('build_id', '=', buildId)
  return query.orderBy('number').execute()
}

/** A stage without its plan, which can be large. */
export type StageStatusRow = Omit<StageRow, 'plan_json'>

/** The same without their plans: a build can have thousands of stages. */
export async function stageStatusesOfBuild(db: Db, buildId: number): Promise<StageStatusRow[]> {
  const query = db.selectFrom('stages').select(STATUS_COLUMNS).where('build_id', '=', buildId)
  return query.orderBy('number').execute()
}

/** Every stage of the repo's builds. */
export async function stagesOfRepo(db: Db, repoId: number): Promise<StageRow[]> {
  return db.selectFrom('stages').selectAll().where('repo_id', '=', repoId).execute()
}

/** A stage that waits for a runner: what it takes to look whether it is queued. */
export type PendingStage = Pick<
  StageRow,
  'id' | 'build_id' | 'repo_id' | 'attempt' | 'queue' | 'queued'
>

/** Stages that wait for a runner, in the order they came: those after the given one, and queued by then. */
export async function pendingStages(
  db: Db,
  limit: number,
  range: { readonly after?: Pick<StageRow, 'queued' | 'id'>; readonly until?: number } = {},
): Promise<PendingStage[]> {
  let query = db
    .selectFrom('stages')
    .select(['id', 'build_id', 'repo_id', 'attempt', 'queue', 'queued'])
    .where('status', '=', sql.lit('pending'))
  const { after, until } = range
  // As a pair, so that the index leads to the first row of a page in the midst of many.
  if (after) query = query.where(sql<boolean>`(queued, id) > (${after.queued}, ${after.id})`)
  if (until !== undefined) query = query.where('queued', '<=', until)
  return query.orderBy('queued').orderBy('id').limit(limit).execute()
}

export type LeasedStage = Pick<StageRow, 'id' | 'repo_id' | 'attempt'>

/** Stages that wait to be run, or run, in the order in which they were made. */
export async function incompleteStages(db: Db, limit: number): Promise<StageStatusRow[]> {
  const found: StageStatusRow[] = []
  // Of all three at once, a database may rather go through every stage there ever was.
  for (const status of ['pending', 'running', 'blocked'] as const) {
    const query = db.selectFrom('stages').select(STATUS_COLUMNS).where('status', '=', status)
    found.push(...(await query.orderBy('id').limit(limit).execute()))
  }
  return found.sort((a, b) => a.id - b.id).slice(0, limit)
}

/** Running stages whose lease ended before the given time. */
export async function stagesWithLeaseBefore(db: Db, time: number): Promise<LeasedStage[]> {
  const stages = db.selectFrom('stages').select(['id', 'repo_id', 'attempt'])
  // As the index has it.
  const query = stages.where('status', '=', sql.lit('running'))
  return query.where('lease_until', '<', time).orderBy('id').execute()
}

/** Changes a stage. */
export async function updateStage(
  db: Db,
  id: number,
  change: Updateable<StageTable> & { readonly updated: number },
): Promise<void> {
  await db.updateTable('stages').set(change).where('id', '=', id).execute()
}
