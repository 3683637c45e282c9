import { isTerminal } from '../../protocol/status.js'
import type { Db } from '../store/database.js'
import type { StageStatusRow } from '../store/stages.js'
import { updateStage } from '../store/stages.js'
import type { Effects } from './effects.js'
import { endStage } from './end-stage.js'

/**
 * Ends a stage: at once when it has not started, through its runner when it runs. Nothing when it has
 * ended. What depends on it is decided by `advanceBuild`. Call it in a transaction.
 */
export async function cancelStage(
  db: Db,
  stage: StageStatusRow,
  reason: string,
  now: number,
  effects: Effects,
): Promise<void> {
  const { id: stageId, attempt, session, queue } = stage
  if (isTerminal(stage.status)) return
  if (stage.status === 'running') {
    await updateStage(db, stageId, { cancel_requested: 1, cancel_reason: reason, updated: now })
    effects.cancels.push({
      session,
      cancel: { type: 'cancel', kind: 'cancelled', stageId, attempt, reason },
    })
    return
  }
  await endStage(db, stage, { status: 'killed', error: reason, at: now, byRunner: false }, effects)
  effects.unqueue.push({ queue, stageId, attempt })
}
