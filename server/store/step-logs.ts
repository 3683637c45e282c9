import type { Insertable, Selectable, Updateable } from 'kysely'
import type { LogRef } from '../logs/log-store.js'
import type { Db } from './database.js'
import type { StepLogTable } from './schema/logs.js'

export type StepLogRow = Selectable<StepLogTable>

/** The row with the defaults of a log that is complete. */
export function newStepLog(
  row: Pick<StepLogRow, 'repo_id' | 'bytes' | 'sha256' | 'finished'> & LogRef,
): Insertable<StepLogTable> {
  const { stageId, attempt, step, ...rest } = row
  const blob = { archived: 0, blob_key: '', blob_bytes: 0, index_json: null }
  return { stage_id: stageId, attempt, step, ...rest, ...blob, claimed_until: 0, removed: 0 }
}

/** Remembers that a log is complete; one that is known already stays as it is. */
export async function insertStepLog(db: Db, row: Insertable<StepLogTable>): Promise<void> {
  const query = db.insertInto('step_logs').values(row)
  await query
    .onConflict((conflict) => conflict.columns(['stage_id', 'attempt', 'step']).doNothing())
    .execute()
}

/** What is known of a complete log; null when nothing is. */
export async function findStepLog(db: Db, ref: LogRef): Promise<StepLogRow | null> {
  const { stageId, attempt, step } = ref
  const query = db.selectFrom('step_logs').selectAll().where('stage_id', '=', stageId)
  const row = await query.where('attempt', '=', attempt).where('step', '=', step).executeTakeFirst()
  return row ?? null
}

/** Changes the row of a log, when it is as `where` says. Says whether it was. */
export async function updateStepLog(
  db: Db,
  { stageId, attempt, step }: LogRef,
  change: Updateable<StepLogTable>,
  where: Partial<Pick<StepLogRow, 'archived' | 'removed' | 'claimed_until'>> = {},
): Promise<boolean> {
  let query = db.updateTable('step_logs').set(change).where('stage_id', '=', stageId)
  query = query.where('attempt', '=', attempt).where('step', '=', step)
  if (where.archived !== undefined) query = query.where('archived', '=', where.archived)
  if (where.removed !== undefined) query = query.where('removed', '=', where.removed)
  if (where.claimed_until !== undefined) {
    query = query.where('claimed_until', '=', where.claimed_until)
  }
  return (await query.executeTakeFirst()).numUpdatedRows > 0n
}

/** Every log of a stage that is known. */
export async function stepLogsOfStage(db: Db, stageId: number): Promise<StepLogRow[]> {
  return db.selectFrom('step_logs').selectAll().where('stage_id', '=', stageId).execute()
}

/** Forgets the logs of a stage. */
export async function deleteStepLogs(db: Db, stageId: number): Promise<void> {
  await db.deleteFrom('step_logs').where('stage_id', '=', stageId).execute()
}

/** Logs that something is left to do with: to be archived, or what was removed is not gone yet. Oldest first. */
export async function unfinishedStepLogs(
  db: Db,
  { before, now, limit }: { readonly before: number; readonly now: number; readonly limit: number },
): Promise<StepLogRow[]> {
  return db
    .selectFrom('step_logs')
    .selectAll()
    .where('archived', 'in', [0, 1])
    .where('finished', '<=', before)
    .where('claimed_until', '<=', now)
    .orderBy('finished')
    .limit(limit)
    .execute()
}

/** Names the log of a row. */
export function refOfRow(row: Pick<StepLogRow, 'stage_id' | 'attempt' | 'step'>): LogRef {
  return { stageId: row.stage_id, attempt: row.attempt, step: row.step }
}
