import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Db } from './database.js'
import type { StageTable } from './schema.js'

export type StageRow = Selectable<StageTable>

const STATUS_COLUMNS = [
  ...['id', 'build_id', 'repo_id', 'number', 'name', 'kind', 'type', 'status', 'error'],
  ...['os', 'arch', 'variant', 'os_version', 'labels_json', 'queue', 'exit_code', 'attempt'],
  ...['session', 'machine', 'lease_until', 'cancel_requested', 'cancel_reason'],
  ...['concurrency_group', 'concurrency_limit', 'cancel_previous', 'depends_on_json'],
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

/**
 * Stages of a concurrency group that have not ended, in the order in which they take turns: by build,
 * then by their place in it. Those whose dependencies have not ended are among them.
 */
export async function unfinishedStagesOfGroup(
  db: Db,
  repoId: number,
  group: string,
): Promise<StageStatusRow[]> {
  return (
    db
      .selectFrom('stages')
      .select(STATUS_COLUMNS)
      .where('repo_id', '=', repoId)
      .where('concurrency_group', '=', group)
      // For the partial index.
      .where('concurrency_group', '!=', sql.lit(''))
      .where('status', 'in', ['waiting_on_dependencies', 'blocked', 'pending', 'running'])
      .orderBy('build_id')
      .orderBy('number')
      .execute()
  )
}

/** Id of the newest build with a stage of the group that ends those of older builds; null for none. */
export async function newestSuperseding(
  db: Db,
  repoId: number,
  group: string,
): Promise<number | null> {
  const row = await db
    .selectFrom('stages')
    .select((eb) => eb.fn.max('build_id').as('build_id'))
    .where('repo_id', '=', repoId)
    .where('concurrency_group', '=', group)
    .where('concurrency_group', '!=', sql.lit(''))
    .where('cancel_previous', '=', 1)
    .executeTakeFirst()
  return row?.build_id ?? null
}

/** Every stage of the repo's builds. */
export async function stagesOfRepo(db: Db, repoId: number): Promise<StageRow[]> {
  return db.selectFrom('stages').selectAll().where('repo_id', '=', repoId).execute()
}

/** Stages that wait for a runner, in the order they came. */
export async function pendingStages(db: Db, limit: number): Promise<StageStatusRow[]> {
  const query = db.selectFrom('stages').select(STATUS_COLUMNS).where('status', '=', 'pending')
  return query.orderBy('queued').orderBy('id').limit(limit).execute()
}

/** Running stages whose lease ended before the given time. */
export async function stagesWithLeaseBefore(db: Db, time: number): Promise<StageRow[]> {
  const query = db.selectFrom('stages').selectAll().where('status', '=', 'running')
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
