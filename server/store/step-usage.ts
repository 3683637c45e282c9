import type { UsageRow } from '../../protocol/usage.js'
import type { Db } from './database.js'

/** Stores a step's series instead of what there was of it. */
export async function saveStepSeries(
  db: Db,
  stageId: number,
  number: number,
  series: readonly UsageRow[],
): Promise<void> {
  const series_json = JSON.stringify(series)
  await db
    .insertInto('step_usage')
    .values({ stage_id: stageId, number, series_json })
    .onConflict((conflict) => conflict.columns(['stage_id', 'number']).doUpdateSet({ series_json }))
    .execute()
}

/** The step's series; empty when none has come. */
export async function findStepSeries(
  db: Db,
  stageId: number,
  number: number,
): Promise<readonly UsageRow[]> {
  const query = db.selectFrom('step_usage').select('series_json').where('stage_id', '=', stageId)
  const row = await query.where('number', '=', number).executeTakeFirst()
  return row === undefined ? [] : (JSON.parse(row.series_json) as readonly UsageRow[])
}

/** Forgets the series of all of the stage's steps. */
export async function removeSeries(db: Db, stageId: number): Promise<void> {
  await db.deleteFrom('step_usage').where('stage_id', '=', stageId).execute()
}
