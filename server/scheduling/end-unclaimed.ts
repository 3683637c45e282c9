import type { Db } from '../store/database.js'
import type { PendingStage, StageStatusRow } from '../store/stages.js'
import { findStageById, pendingStages } from '../store/stages.js'
import { advanceBuild } from './advance.js'
import type { Effects } from './effects.js'
import { endStage } from './end-stage.js'
import { transact } from './transact.js'

/** Stages that are ended in one go. */
const ROWS_MAX = 1_000

/**
 * Ends stages that no runner has taken for `pendingMs`: with labels that no runner has they would
 * wait, and hold their turn, for ever. `dispatch` gets what is left to do for each.
 */
export async function endUnclaimed(
  db: Db,
  now: number,
  pendingMs: number,
  dispatch: (effects: Effects) => void,
): Promise<void> {
  for (const stage of await pendingStages(db, ROWS_MAX, { until: now - pendingMs })) {
    await end({ db, now, pendingMs, dispatch }, stage)
  }
}

interface Round {
  readonly db: Db
  readonly now: number
  readonly pendingMs: number
  readonly dispatch: (effects: Effects) => void
}

async function end(
  { db, now, pendingMs, dispatch }: Round,
  { id: stageId, repo_id: repoId, attempt }: PendingStage,
): Promise<void> {
  const effects = await transact(
    db,
    now,
    async (tx, effects) => {
      const stage = await findStageById(tx, stageId)
      // A runner may have taken it in this moment.
      if (stage?.status !== 'pending' || stage.attempt !== attempt) return
      const error = unclaimedReason(stage, pendingMs)
      await endStage(tx, stage, { status: 'error', error, at: now, byRunner: false }, effects)
      effects.unqueue.push({ queue: stage.queue, stageId, attempt })
      await advanceBuild(tx, stage.build_id, now, effects)
    },
    [repoId],
  )
  dispatch(effects)
}

function unclaimedReason(stage: StageStatusRow, pendingMs: number): string {
  const labels = Object.entries(JSON.parse(stage.labels_json) as Record<string, string>)
  const wanted = labels.map(([name, value]) => `${name}=${value}`).join(', ')
  const platform = [stage.os, stage.arch, stage.variant].filter((part) => part !== '').join('/')
  return (
    `no runner with ${wanted === '' ? '' : `labels ${wanted}, `}platform ${platform} took it ` +
    `within ${Math.round(pendingMs / 60_000)}m`
  )
}
