import type { Db } from '../store/database.js'
import { deleteStepLogs, insertStepLog, newStepLog, updateStepLog } from '../store/step-logs.js'
import { inTransaction } from '../store/transaction.js'
import type { LogRef, LogStore } from './log-store.js'

/**
 * Removes what one log holds; that there was one stays known. First it is marked, so that nobody reads a half of it
 * and a crash leaves no more than work for the next sweep.
 */
export async function removeLog(
  db: Db,
  logs: LogStore,
  { repoId, ...ref }: LogRef & { readonly repoId: number },
  now: number,
): Promise<void> {
  const row = newStepLog({ ...ref, repo_id: repoId, bytes: 0, sha256: '', finished: now })
  await inTransaction(db, async (tx) => {
    await insertStepLog(tx, row)
    await updateStepLog(tx, ref, { removed: now }, { removed: 0 })
  })
  await logs.remove(ref)
  await updateStepLog(db, ref, { archived: 2, blob_key: '', index_json: null })
}

/** Removes builds with all that belongs to them: their logs first, so that the rows still name what is left. */
export async function removeBuilds(
  db: Db,
  logs: LogStore,
  buildIds: readonly number[],
): Promise<void> {
  for (const buildId of buildIds) {
    const query = db.selectFrom('stages').select('id').where('build_id', '=', buildId)
    const stages = await query.execute()
    for (const { id } of stages) {
      await logs.removeStage(id)
      await deleteStepLogs(db, id)
    }
    await db.deleteFrom('builds').where('id', '=', buildId).execute()
  }
}
