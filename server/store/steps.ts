import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from './database.js'
import type { StepTable } from './schema.js'
import { removeSeries } from './step-usage.js'
import type { Status } from '../../protocol/status.js'

export type StepRow = Selectable<StepTable>

/** Adds steps. */
export async function insertSteps(db: Db, steps: readonly Insertable<StepTable>[]): Promise<void> {
  // One statement per step: SQLite bounds the number of parameters in one.
  for (const step of steps) await db.insertInto('steps').values(step).execute()
}

/** The stage's steps in their order. */
export async function stepsOfStage(db: Db, stageId: number): Promise<StepRow[]> {
  const query = db.selectFrom('steps').selectAll().where('stage_id', '=', stageId)
  return query.orderBy('number').execute()
}

/** The steps of every stage of the build, stage by stage. */
export async function stepsOfBuild(db: Db, buildId: number): Promise<StepRow[]> {
  return db
    .selectFrom('steps')
    .selectAll()
    .where('stage_id', 'in', (eb) =>
      eb.selectFrom('stages').select('id').where('build_id', '=', buildId),
    )
    .orderBy('stage_id')
    .orderBy('number')
    .execute()
}

/** Changes one step; says whether it exists. */
export async function updateStep(
  db: Db,
  stageId: number,
  number: number,
  change: Updateable<StepTable>,
): Promise<boolean> {
  const query = db.updateTable('steps').set(change).where('stage_id', '=', stageId)
  const result = await query.where('number', '=', number).executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Changes one step if it runs; says whether it does. */
export async function updateRunningStep(
  db: Db,
  stageId: number,
  number: number,
  change: Updateable<StepTable>,
): Promise<boolean> {
  const query = db.updateTable('steps').set(change).where('stage_id', '=', stageId)
  const running = query.where('number', '=', number).where('status', '=', 'running')
  return (await running.executeTakeFirst()).numUpdatedRows > 0n
}

/** Changes the stage's steps that have one of the statuses. */
export async function updateStepsInStatus(
  db: Db,
  stageId: number,
  statuses: readonly Status[],
  change: Updateable<StepTable>,
): Promise<void> {
  const query = db.updateTable('steps').set(change).where('stage_id', '=', stageId)
  await query.where('status', 'in', statuses).execute()
}

/** Makes the stage's steps as they were before any attempt. */
export async function resetSteps(db: Db, stageId: number): Promise<void> {
  await db
    .updateTable('steps')
    .set({
      status: 'pending',
      error: '',
      exit_code: 0,
      started: 0,
      stopped: 0,
      usage_json: null,
      log_bytes: 0,
      log_lines: 0,
      log_sha256: '',
    })
    .where('stage_id', '=', stageId)
    .execute()
  await removeSeries(db, stageId)
}
